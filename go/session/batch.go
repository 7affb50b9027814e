// SPDX-License-Identifier: Apache-2.0

package session

import (
	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

const (
	batchRows      = 500
	batchTextSize  = 256 << 10 // of SQL, well below SQLite's limit of a million bytes
	batchValueSize = 1 << 20   // of text and blobs: more gains nothing
)

// batch turns many rows of a plain INSERT into one statement. It runs inside a savepoint of the open transaction; when it
// fails, it is taken back and its rows go one by one, so that the rows before the one at fault stay, as in sqlite3.
type batch struct {
	insert *sql.Insert
	rows   int // as many as fit
	text   string
	textOf int // how many rows text is for
	values []wire.Value
}

const (
	savepoint       = `"dqlitepy batch"`
	undoSavepoint   = "ROLLBACK TO " + savepoint + ";\nRELEASE " + savepoint
	beginSavepoint  = "SAVEPOINT " + savepoint + ";\n"
	finishSavepoint = ";\nRELEASE " + savepoint
)

func newBatch(insert *sql.Insert) *batch {
	rows := min(batchRows, sql.MaxParameters/len(insert.Slots), batchTextSize/insert.RowSize())
	if rows < 2 {
		return nil
	}
	return &batch{insert: insert, rows: rows}
}

func (b *batch) statement(rows int) string {
	if b.textOf != rows {
		b.text, b.textOf = beginSavepoint+b.insert.Text(rows)+finishSavepoint, rows
	}
	return b.text
}

// independenceQuestion asks whether the rows of an INSERT surely don't see each other before it ends: it goes into an
// ordinary table of the main schema without triggers and without a foreign key to itself.
func independenceQuestion(insert *sql.Insert) string {
	if insert.Schema != "" && insert.Schema != "main" {
		return "SELECT 0 WHERE ?1 = ?1"
	}
	return `SELECT
	(SELECT count(*) FROM main.sqlite_schema
	 WHERE type = 'table' AND name = ?1 COLLATE NOCASE AND sql NOT LIKE 'CREATE VIRTUAL %') = 1
	AND NOT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE)
	AND NOT EXISTS (SELECT 1 FROM temp.sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE)
	AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(?1) WHERE "table" = ?1 COLLATE NOCASE)`
}

func independenceParameters(insert *sql.Insert) []wire.Value {
	return []wire.Value{wire.TextValue([]byte(insert.Table))}
}

func (m *executionMany) nextBatch() {
	before := *m.Rows
	rows, err := m.fillBatch()
	if rows == 0 { // the very first row is at fault
		m.stop(err)
		return
	}
	m.runBatch(before, rows)
}

// fillBatch takes rows off until the batch is full or one is at fault, which then waits to be the first of the next.
func (m *executionMany) fillBatch() (rows int, fault *Error) {
	b := m.batch
	b.values = b.values[:0]
	size := 0
	for rows < b.rows && m.Rows.Len() > 0 && size < batchValueSize {
		here := *m.Rows
		row, err := m.Rows.Next(m.row[:0])
		m.row = row
		if err != nil {
			fault = DataError(err)
		} else {
			fault = checkParameters(m.Statement, row)
		}
		if fault != nil {
			*m.Rows = here
			return rows, fault
		}
		for _, slot := range b.insert.Slots {
			b.values = append(b.values, row[slot])
			size += len(row[slot].Bytes)
		}
		rows++
	}
	return rows, nil
}

func (m *executionMany) runBatch(before marshal.Rows, rows int) {
	m.exec(openWork, m.batch.statement(rows), m.batch.values, func(result wire.Result, failure *wire.Failure) {
		if failure == nil {
			m.count(result.LastInsertID, result.RowsAffected)
			m.next()
			return
		}
		m.undoBatch(failure, func() {
			if pause, again := m.retry.next(failure); again {
				m.pause(pause, func() { m.runBatch(before, rows) }, m.stop)
				return
			}
			*m.Rows = before
			m.batch = nil
			m.next()
		})
	})
}

// undoBatch takes back what a batch did before it failed. Where its savepoint is gone, the failure has ended the whole
// transaction (a constraint ON CONFLICT ROLLBACK), as it would have done with the row alone.
func (m *executionMany) undoBatch(cause *wire.Failure, then func()) {
	if reason := m.refusal(cause); reason.Broken {
		m.fail(reason)
		return
	}
	m.execPatiently(undoSavepoint, func(failure *wire.Failure) {
		switch {
		case failure == nil, cause.Code == wire.CodeBusy && failure.Code == 1: // BUSY came before the savepoint
			then()
		default:
			m.settle(cause, false, m.Statement.Text, m.stop)
		}
	})
}
