// SPDX-License-Identifier: Apache-2.0

package session

import (
	"dqlitepy.dev/go/fault"
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
	current   chunk // on its way
	ahead     chunk // decoded while the server is at work on the current one
}

// chunk is the rows that go in one statement.
type chunk struct {
	before, after marshal.Rows
	rows          int
	values        []wire.Value
	fault         *fault.Error // of the row behind them
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
	b := m.batch
	b.current, b.ahead = b.ahead, b.current
	if b.current.rows == 0 || b.current.before.Len() != m.Rows.Len() { // it is not the next one
		m.fill(&b.current)
	}
	if b.current.rows == 0 { // the very first row is at fault
		m.stop(b.current.fault)
		return
	}
	*m.Rows = b.current.after
	m.runBatch()
}

// fill decodes rows until the chunk is full or one is at fault, which then is the first of the next.
func (m *executionMany) fill(c *chunk) {
	b := m.batch
	*c = chunk{before: *m.Rows, after: *m.Rows, values: c.values[:0]}
	size := 0
	for c.rows < b.rows && c.after.Len() > 0 && size < batchValueSize {
		here := c.after
		row, err := c.after.Next(m.row[:0])
		m.row = row
		if err != nil {
			c.fault = DataError(err)
		} else {
			c.fault = checkParameters(m.Statement, row)
		}
		if c.fault != nil {
			c.after = here
			return
		}
		for _, slot := range b.insert.Slots {
			c.values = append(c.values, row[slot])
			size += len(row[slot].Bytes)
		}
		c.rows++
	}
}

// fillAhead has the next chunk ready when the server is done with the current one.
func (m *executionMany) fillAhead() {
	if m.batch != nil && m.Rows.Len() > 0 {
		m.fill(&m.batch.ahead)
	}
}

// runBatch sends the current chunk. The text for a full one is parsed once only: with hundreds of rows that takes as long as
// inserting them.
func (m *executionMany) runBatch() {
	b := m.batch
	finished := func(result wire.Result, failure *wire.Failure) {
		if failure != nil {
			m.batchFailed(failure)
			return
		}
		m.count(result.LastInsertID, result.RowsAffected)
		m.next()
	}
	switch {
	case b.current.rows < b.rows:
		m.s.exec(openWork, b.insert.Text(b.current.rows), b.current.values, finished)
	case b.prepared:
		m.s.request(openWork, func(buffer []byte) []byte {
			return wire.AppendExec(buffer, b.statement.ID, b.current.values)
		}, m.s.takeResult(finished))
	default:
		m.s.prepare(b.insert.Text(b.current.rows), func(statement wire.Stmt, failure *wire.Failure) {
			if failure != nil {
				m.batchFailed(failure)
				return
			}
			b.statement, b.prepared = statement, true
			m.runBatch()
		})
		return
	}
	m.s.op.next.whileWaiting = m.fillAhead
}

// batchFailed goes on without batches, unless the failure has ended the transaction: then its rows would commit one by one.
func (m *executionMany) batchFailed(cause *wire.Failure) {
	if pause, again := m.retry.next(cause); again {
		m.s.pause(pause, m.runBatch, m.stop)
		return
	}
	if reason := m.s.refusal(cause); reason.LinkLost {
		m.s.fail(reason)
		return
	}
	m.s.probe(func(inside bool) {
		if !inside {
			m.s.transaction.end()
			m.s.settle(cause, false, m.Statement.Text, m.stop)
			return
		}
		*m.Rows = m.batch.current.before
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
	m.s.finalize(m.s.pastStake(), b.statement, then)
}
