// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"
	godriver "github.com/canonical/go-dqlite/v3/driver"
)

// connection is what go-dqlite's driver offers of database/sql/driver. The benchmark calls it without database/sql in
// between, which would only make it slower.
type connection interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// busyTimeout is how long the server queues a writer behind another one: go-dqlite's driver does not try again by itself.
const busyTimeout = time.Minute

type program struct {
	node       *dqlite.Node
	address    string
	database   string
	connection connection
}

func (p *program) run(t task) (reply, error) {
	rows, err := t.rows()
	if err != nil {
		return reply{}, err
	}
	var seconds []float64
	switch t.Operation {
	case "node":
		err = p.start(t)
	case "connect":
		p.address, p.database = t.Address, t.Database
		p.connection, err = p.open()
	case "first_row":
		seconds, err = p.firstRow(t)
	case "each":
		seconds, err = p.each(t.SQL, rows)
	case "many":
		seconds, err = p.many(t.SQL, rows)
	case "together":
		seconds, err = p.together(t.SQL, rows, t.Threads)
	default:
		err = fmt.Errorf("no operation %q", t.Operation)
	}
	return reply{Seconds: seconds, Address: p.address}, err
}

func (p *program) start(t task) error {
	started, err := dqlite.New(dqlite.BootstrapID, t.Address, t.Directory,
		dqlite.WithBindAddress(t.Address),
		dqlite.WithSnapshotParams(dqlite.SnapshotParams{
			Threshold: t.Threshold, Trailing: t.Trailing, Strategy: dqlite.TrailingStrategyDynamic,
		}),
		dqlite.WithBusyTimeout(busyTimeout.Milliseconds()),
	)
	if err != nil {
		return err
	}
	if err := started.Start(); err != nil {
		return err
	}
	p.node, p.address = started, t.Address
	return nil
}

func (p *program) open() (connection, error) {
	store := client.NewInmemNodeStore()
	if err := store.Set(context.Background(), []client.NodeInfo{{ID: 1, Address: p.address}}); err != nil {
		return nil, err
	}
	d, err := godriver.New(store, godriver.WithDialFunc(client.DefaultDialFunc))
	if err != nil {
		return nil, err
	}
	opened, err := d.Open(p.database)
	if err != nil {
		return nil, err
	}
	return opened.(connection), nil
}

// firstRow starts a node in a fresh directory, connects, and reads a row.
func (p *program) firstRow(t task) ([]float64, error) {
	start := time.Now()
	fresh := &program{database: "main"}
	defer fresh.close()
	if err := fresh.start(t); err != nil {
		return nil, err
	}
	var err error
	if fresh.connection, err = fresh.open(); err != nil {
		return nil, err
	}
	if err := execute(fresh.connection, t.SQL, nil); err != nil {
		return nil, err
	}
	return since(start), nil
}

// each runs the statement once for each row of parameters and times every run.
func (p *program) each(sql string, rows [][]driver.NamedValue) ([]float64, error) {
	seconds := make([]float64, 0, len(rows))
	for _, row := range rows {
		start := time.Now()
		if err := execute(p.connection, sql, row); err != nil {
			return nil, err
		}
		seconds = append(seconds, time.Since(start).Seconds())
	}
	return seconds, nil
}

// many runs the prepared statement for all rows in one transaction.
func (p *program) many(sql string, rows [][]driver.NamedValue) ([]float64, error) {
	start := time.Now()
	if err := execute(p.connection, "BEGIN IMMEDIATE", nil); err != nil {
		return nil, err
	}
	statement, err := p.connection.PrepareContext(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	defer statement.Close()
	for _, row := range rows {
		if _, err := statement.(driver.StmtExecContext).ExecContext(context.Background(), row); err != nil {
			return nil, err
		}
	}
	if err := execute(p.connection, "COMMIT", nil); err != nil {
		return nil, err
	}
	return since(start), nil
}

// together shares the runs out among threads that have a connection each.
func (p *program) together(sql string, rows [][]driver.NamedValue, threads int) ([]float64, error) {
	connections := make([]connection, threads)
	for i := range connections {
		var err error
		if connections[i], err = p.open(); err != nil {
			return nil, err
		}
		defer connections[i].Close()
	}
	failures := make([]error, threads)
	var running sync.WaitGroup
	start := time.Now()
	for i, own := range connections {
		running.Go(func() {
			for at := i; at < len(rows) && failures[i] == nil; at += threads {
				failures[i] = execute(own, sql, rows[at])
			}
		})
	}
	running.Wait()
	return since(start), errors.Join(failures...)
}

// execute runs one statement and reads its rows to the end.
func execute(c connection, sql string, parameters []driver.NamedValue) error {
	if !strings.HasPrefix(sql, "SELECT") {
		_, err := c.ExecContext(context.Background(), sql, parameters)
		return err
	}
	rows, err := c.QueryContext(context.Background(), sql, parameters)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(row); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

func (p *program) close() {
	if p.connection != nil {
		p.connection.Close()
	}
	if p.node != nil {
		p.node.Close()
	}
}
