// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"

	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// Request is one statement with its parameters.
type Request struct {
	Statement   *sql.Statement
	Parameters  []wire.Value
	Begin       string // the BEGIN that has to precede what modifies outside a transaction, or ""
	TextAsBytes bool
}

// execution runs one statement.
type execution struct {
	*Session
	Request
	retry retry
	begun bool // an implicit BEGIN has gone out
}

// Execute begins to run a statement; Continue goes on. A result that was still streaming is dropped first.
func (s *Session) Execute(request Request) *Error {
	if err := checkStatement(request.Statement); err != nil {
		return err
	}
	if err := checkParameters(request.Statement, request.Parameters); err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return err
	}
	if request.Statement.Empty() {
		s.finish(Result{})
		return nil
	}
	e := &execution{Session: s, Request: request, retry: newRetry(s.busyTimeout)}
	s.drain(e.send)
	return nil
}

func (e *execution) send() {
	e.begun = false
	implicit := e.Begin != "" && e.Statement.BeginsImplicitly() && !e.transaction.open
	switch {
	case implicit && !e.Statement.Rows() && takesLock(e.Begin):
		e.begun = true
		e.exec(nothing, e.Begin+";\n"+e.Statement.Text, e.Parameters, e.executed)
	case implicit:
		e.begun = true
		e.exec(nothing, e.Begin, nil, func(_ wire.Result, failure *wire.Failure) {
			if failure != nil {
				e.failed(failure)
				return
			}
			e.transaction.begin()
			e.sendAlone()
		})
	default:
		e.sendAlone()
	}
}

func (e *execution) sendAlone() {
	if e.Statement.Rows() {
		e.query()
	} else {
		e.exec(e.stakeOf(e.Statement), e.Statement.Text, e.Parameters, e.executed)
	}
}

// takesLock tells whether a BEGIN makes the connection the database's writer. Only behind such a statement may another one
// stand in the same text: a stock server lets the second statement of a text wait for another writer without a time limit.
func takesLock(begin string) bool {
	begin = strings.ToUpper(begin)
	return strings.Contains(begin, "IMMEDIATE") || strings.Contains(begin, "EXCLUSIVE")
}

func (e *execution) executed(result wire.Result, failure *wire.Failure) {
	if failure != nil {
		e.failed(failure)
		return
	}
	if e.begun {
		e.transaction.begin()
	}
	e.transaction.apply(e.Statement)
	if !e.Statement.Modifies() {
		e.finish(Result{Changes: -1}) // the server's counters are those of an earlier statement
		return
	}
	e.finish(Result{LastInsertID: result.LastInsertID, Changes: result.RowsAffected, Flags: e.flags()})
}

func (e *execution) flags() uint32 {
	if e.Statement.BeginsImplicitly() {
		return ResultModifies
	}
	return 0
}

func (e *execution) failed(failure *wire.Failure) {
	if pause, again := e.retry.next(failure); again {
		if e.begun {
			e.rollBack(func() { e.pause(pause, e.send, e.fail) })
		} else {
			e.pause(pause, e.send, e.fail)
		}
		return
	}
	e.settle(failure, e.begun, e.Statement.Text, e.fail)
}

// settle finds out whether a transaction is open after a statement failed, and hands the error on. A transaction that was
// begun for a statement which could not even be prepared is taken back, as sqlite3 would never have begun it.
func (s *Session) settle(failure *wire.Failure, begun bool, text string, then func(*Error)) {
	reason := s.refusal(failure)
	if reason.Broken || !begun && !s.transaction.open {
		then(reason)
		return
	}
	s.probe(func(inside bool) {
		if !inside {
			s.transaction.end()
			then(reason)
			return
		}
		s.transaction.begin()
		if !begun || reason.Code != 1 {
			then(reason)
			return
		}
		s.prepare(text, func(statement wire.Stmt, failure *wire.Failure) {
			if failure == nil {
				s.finalize(s.openStake(), statement, func() { then(reason) })
				return
			}
			s.rollBack(func() { then(reason) })
		})
	})
}

// probe asks the server whether a transaction is open: BEGIN succeeds only where there is none.
func (s *Session) probe(then func(inside bool)) {
	s.execPatiently("BEGIN", func(failure *wire.Failure) {
		switch {
		case failure == nil:
			s.rollBack(func() { then(false) })
		case strings.HasPrefix(failure.Message, "cannot start a transaction within"):
			then(true)
		default:
			s.giveUp(s.refusal(failure))
		}
	})
}

// giveUp breaks a connection of which nobody knows any more whether a transaction is open: the server rolls it back.
func (s *Session) giveUp(reason *Error) {
	reason.Broken = true
	s.fail(reason)
}

// openStake is what requests that never commit put at stake.
func (s *Session) openStake() stake {
	if s.transaction.open {
		return anOpenOne
	}
	return nothing
}

// doneStake is what requests put at stake that follow a statement which may have committed by itself: the caller must not be
// told that nothing was written.
func (s *Session) doneStake() stake {
	if s.transaction.open {
		return anOpenOne
	}
	return theOutcome
}

// rollBack ends the transaction if there is one.
func (s *Session) rollBack(then func()) {
	s.execPatiently("ROLLBACK", func(failure *wire.Failure) {
		if failure != nil && !strings.HasPrefix(failure.Message, "cannot rollback") {
			s.giveUp(s.refusal(failure))
			return
		}
		s.transaction.end()
		then()
	})
}

func (s *Session) prepare(text string, then func(wire.Stmt, *wire.Failure)) {
	s.request(s.openStake(), func(buffer []byte) []byte {
		return wire.AppendPrepare(buffer, text)
	}, func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeFailure(frame, func(failure *wire.Failure) { then(wire.Stmt{}, failure) })
			return
		}
		statement, err := wire.DecodeStmt(frame)
		if err != nil {
			s.lost(err)
			return
		}
		then(statement, nil)
	})
}

func (s *Session) finalize(stake stake, statement wire.Stmt, then func()) {
	s.request(stake, func(buffer []byte) []byte {
		return wire.AppendFinalize(buffer, statement.ID)
	}, func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure { // the statement went with the database: the next request finds that out
			then()
			return
		}
		if err := wire.DecodeEmpty(frame); err != nil {
			s.lost(err)
			return
		}
		then()
	})
}

func checkStatement(statement *sql.Statement) *Error {
	if statement.Multiple {
		return Errorf(Programming, "You can only execute one statement at a time.")
	}
	if strings.IndexByte(statement.Text, 0) >= 0 {
		return Errorf(Programming, "the query contains a null character")
	}
	return nil
}

const (
	maxValueSize   = 1_000_000_000 // SQLite's limit on a text or blob
	maxRequestSize = 1<<32 - 1<<20 // dqlite's limit on a message, with room for the statement
)

func checkParameters(statement *sql.Statement, parameters []wire.Value) *Error {
	if uses, supplied := len(statement.Parameters), len(parameters); uses != supplied {
		return Errorf(Programming, "Incorrect number of bindings supplied. The current statement uses %d, and there are %d supplied.",
			uses, supplied)
	}
	total := 0
	for i := range parameters {
		size := len(parameters[i].Bytes)
		total += size + 16
		if size > maxValueSize || total > maxRequestSize {
			return &Error{Kind: Data, Code: codeTooBig, Message: "string or blob too big"}
		}
	}
	return nil
}

const codeTooBig = 18
