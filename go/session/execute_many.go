// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// ManyRequest is one statement that runs once for each tuple of parameters.
type ManyRequest struct {
	Statement *sql.Statement
	Rows      *marshal.Rows
	Begin     string // as in Request
}

// executionMany runs one statement many times. Outside a transaction each run commits by itself. The session's result grows
// with each row, so that an operation which fails still reports those that ran.
type executionMany struct {
	s *Session
	ManyRequest
	statement wire.Stmt
	retry     retry
	row       []wire.Value
	batch     *batch // nil where rows go one by one
	chosen    bool   // whether they do is known
	committed int    // rows that have committed by themselves
}

// ExecuteMany begins to run a statement many times; Continue goes on. Rows that it yields are dropped.
func (s *Session) ExecuteMany(request ManyRequest) *fault.Error {
	statement := request.Statement
	if err := checkStatement(statement); err != nil {
		return err
	}
	if statement.Explain || statement.Pragma != nil { // a PRAGMA may do its work when it is prepared
		return errNotRepeatable()
	}
	if err := s.start(); err != nil {
		return err
	}
	if statement.Empty() {
		s.drain(func() { s.finish(Result{}) })
		return nil
	}
	m := &executionMany{s: s, ManyRequest: request}
	if !statement.BeginsImplicitly() {
		m.s.op.result.Changes = -1
	}
	rows, empty := *request.Rows, s.op.result
	s.begin(func() {
		*m.Rows, m.s.op.result, m.batch, m.chosen, m.s.op.ownTransaction = rows, empty, nil, false, false
		m.prepareAll()
	})
	return nil
}

// repeatable tells whether executemany runs a statement. SQLite calls a BEGIN or COMMIT one that reads, as sqlite3 has it; and
// how the transaction stands after one that fails in the midst of others could not be told.
func repeatable(statement *sql.Statement) bool {
	return statement.Effect == sql.NoEffect && (statement.Modifies() || !statement.Rows())
}

func errNotRepeatable() *fault.Error {
	return fault.Errorf(fault.Programming, "executemany() can only execute DML statements.")
}

// prepareAll prepares the statement before it begins a transaction: one that is wrong must not leave a transaction behind.
func (m *executionMany) prepareAll() {
	m.s.prepare(m.Statement.Text, func(statement wire.Stmt, failure *wire.Failure) {
		if failure != nil {
			m.s.settle(failure, false, m.Statement.Text, m.s.fail)
			return
		}
		m.statement = statement
		if !repeatable(m.Statement) {
			m.stop(errNotRepeatable())
			return
		}
		m.retry = newRetry(m.s.options.BusyTimeout)
		m.beginTransaction()
	})
}

func (m *executionMany) beginTransaction() {
	if m.Begin == "" || !m.Statement.BeginsImplicitly() || m.s.transaction.open {
		m.next()
		return
	}
	m.s.op.ownTransaction = true
	m.s.exec(nothing, m.Begin, nil, func(_ wire.Result, failure *wire.Failure) {
		if failure != nil {
			m.failed(failure, m.beginTransaction)
			return
		}
		m.s.transaction.begin()
		m.next()
	})
}

// chooseWay finds out whether rows may go many at a time, once the first one has gone alone: only then is this connection
// surely the database's writer, and several statements in one text (see takesLock) don't wait for another one.
func (m *executionMany) chooseWay() {
	m.chosen = true
	insert, plain := m.Statement.PlainInsert()
	if !plain || !m.s.transaction.open || m.Rows.Len() < 2 {
		m.next()
		return
	}
	m.s.lookup(openWork, independenceQuestion(insert), independenceParameters(insert), 1, func(row []wire.Value, failure *wire.Failure) {
		if failure == nil && row[0].Int() == 1 {
			m.batch = newBatch(insert, m.Rows.Len())
		}
		m.next()
	})
}

// next runs the next row, or the next batch of rows.
func (m *executionMany) next() {
	m.retry = newRetry(m.s.options.BusyTimeout)
	switch {
	case m.Rows.Len() == 0:
		m.done()
	case m.batch != nil:
		m.nextBatch()
	default:
		row, err := m.Rows.Next(m.row[:0])
		if m.row = row; err != nil {
			m.stop(DataError(err))
		} else if err := checkParameters(m.Statement, row); err != nil {
			m.stop(err)
		} else {
			m.runRow()
		}
	}
}

func (m *executionMany) runRow() {
	stake := m.s.stakeOf(m.Statement)
	if m.committed > 0 {
		stake = m.s.pastStake()
	}
	if m.Statement.Returning {
		m.s.request(stake, func(buffer []byte) []byte {
			return wire.AppendQuerySQL(buffer, m.Statement.Text, m.row)
		}, m.dropRows)
		return
	}
	m.s.request(stake, func(buffer []byte) []byte {
		return wire.AppendExec(buffer, m.statement.ID, m.row)
	}, m.s.takeResult(func(result wire.Result, failure *wire.Failure) {
		if failure != nil {
			m.failed(failure, m.runRow)
			return
		}
		m.count(result.LastInsertID, result.RowsAffected)
		if !m.chosen {
			m.chooseWay()
			return
		}
		m.next()
	}))
}

// dropRows takes the pages of a statement with RETURNING.
func (m *executionMany) dropRows(frame wire.Frame) {
	if frame.Type == wire.ResponseFailure {
		m.s.takeQueryFailure(frame, func(failure *wire.Failure) { m.failed(failure, m.runRow) })
		return
	}
	rows, err := wire.DecodeRows(frame)
	ignored := make([]wire.Value, len(rows.Names))
	found, any := err == nil, false
	for found && err == nil {
		if found, err = rows.Next(ignored); found {
			any = true
		}
	}
	switch {
	case err != nil:
		m.s.lost(err)
	case rows.More && !any:
		m.s.lost(errEndless)
	case rows.More:
		m.s.expect(m.dropRows)
	default:
		m.s.counters(func(lastInsertID, changes int64) {
			m.count(lastInsertID, max(changes, 0))
			m.next()
		})
	}
}

func (m *executionMany) count(lastInsertID, changes int64) {
	if !m.s.transaction.open {
		m.committed++
	}
	if m.Statement.Modifies() {
		m.s.op.result.Flags = flagsOf(m.Statement)
		m.s.op.result.LastInsertID = lastInsertID
	}
	if m.Statement.BeginsImplicitly() {
		m.s.op.result.Changes += changes
	}
}

// failed tries again where the server says that nothing ran, or else ends the operation.
func (m *executionMany) failed(failure *wire.Failure, again func()) {
	m.s.refused(m.Statement, failure)
	if pause, retry := m.retry.next(failure); retry {
		m.s.pause(pause, again, m.stop)
		return
	}
	m.s.settle(failure, false, m.Statement.Text, m.stop)
}

// stop ends the operation with an error; the rows before it stay.
func (m *executionMany) stop(reason *fault.Error) {
	if reason.LinkLost {
		if reason.Kind == fault.NotLeader && m.committed > 0 {
			reason.Kind = fault.AmbiguousCommit
			reason.Message = fmt.Sprintf("the first %d rows were committed, the others were not: %s", m.committed, reason.Message)
		}
		m.s.fail(reason)
		return
	}
	m.dropBatch(func() { m.s.finalize(m.s.pastStake(), m.statement, func() { m.s.fail(reason) }) })
}

func (m *executionMany) done() {
	m.dropBatch(func() { m.s.finalize(m.s.pastStake(), m.statement, func() { m.s.finish(m.s.op.result) }) })
}
