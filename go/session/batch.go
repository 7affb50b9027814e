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

// batch turns many rows of a plain INSERT into one statement. Where that fails, SQLite has taken back all that it did, and its
// rows go one by one, so that the rows before the one at fault stay, as in sqlite3.
type batch struct {
	insert    *sql.Insert
	rows      int       // as many as fit
	statement wire.Stmt // for that many
	prepared  bool
	values    []wire.Value
}

// newBatch makes a batch for total rows. They are shared out evenly among as few statements as there have to be: what is left
// for the last one, whose text is parsed for it alone, is then fewer rows than there are statements, and not hundreds.
func newBatch(insert *sql.Insert, total int) *batch {
	rows := min(batchRows, sql.MaxParameters/len(insert.Slots), batchTextSize/insert.RowSize())
	if rows < 2 {
		return nil
	}
	if total > rows {
		statements := (total + rows - 1) / rows
		rows = max(2, total/statements)
	}
	return &batch{insert: insert, rows: rows}
}

// independenceQuestion asks whether the rows of an INSERT surely don't see each other before it ends, and whether none of
// them stays when it fails: it goes into an ordinary table of the main schema without triggers, without a foreign key to
// itself and without a constraint ON CONFLICT FAIL or ROLLBACK.
func independenceQuestion(insert *sql.Insert) string {
	if insert.Schema != "" && insert.Schema != "main" {
		return "SELECT 0 WHERE ?1 = ?1"
	}
	return `SELECT
	(SELECT count(*) FROM main.sqlite_schema
	 WHERE type = 'table' AND name = ?1 COLLATE NOCASE AND sql NOT LIKE 'CREATE VIRTUAL %'
	 AND sql NOT LIKE '%FAIL%' AND sql NOT LIKE '%ROLLBACK%') = 1
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

// runBatch sends the rows in the batch. The text for a full one is parsed once only: with hundreds of rows that takes as long
// as inserting them.
func (m *executionMany) runBatch(before marshal.Rows, rows int) {
	b := m.batch
	finished := func(result wire.Result, failure *wire.Failure) {
		if failure != nil {
			m.batchFailed(failure, before, rows)
			return
		}
		m.count(result.LastInsertID, result.RowsAffected)
		m.next()
	}
	switch {
	case rows < b.rows:
		m.exec(openWork, b.insert.Text(rows), b.values, finished)
	case b.prepared:
		m.request(openWork, func(buffer []byte) []byte {
			return wire.AppendExec(buffer, b.statement.ID, b.values)
		}, m.takeResult(finished))
	default:
		m.prepare(b.insert.Text(rows), func(statement wire.Stmt, failure *wire.Failure) {
			if failure != nil {
				m.batchFailed(failure, before, rows)
				return
			}
			b.statement, b.prepared = statement, true
			m.runBatch(before, rows)
		})
	}
}

// batchFailed goes on without batches, unless the failure has ended the transaction: then its rows would commit one by one.
func (m *executionMany) batchFailed(cause *wire.Failure, before marshal.Rows, rows int) {
	if pause, again := m.retry.next(cause); again {
		m.pause(pause, func() { m.runBatch(before, rows) }, m.stop)
		return
	}
	if reason := m.refusal(cause); reason.lost {
		m.fail(reason)
		return
	}
	m.probe(func(inside bool) {
		if !inside {
			m.transaction.end()
			m.settle(cause, false, m.Statement.Text, m.stop)
			return
		}
		*m.Rows = before
		m.dropBatch(m.next)
	})
}

// dropBatch frees what the batch holds on the server.
func (m *executionMany) dropBatch(then func()) {
	b := m.batch
	m.batch = nil
	if b == nil || !b.prepared {
		then()
		return
	}
	m.finalize(m.pastStake(), b.statement, then)
}
