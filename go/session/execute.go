// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"strings"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// Request is one statement with its parameters.
type Request struct {
	Statement   *sql.Statement
	Parameters  []wire.Value
	Begin       string // the BEGIN that has to precede what modifies outside a transaction, or ""
	TextAsBytes bool
	// Nearby: a statement that only reads may run at the nearest server, on what that one has applied; see nearby.go.
	Nearby bool
	// Linearizable: a statement that only reads sees everything that was acknowledged, to whomever, before it began.
	Linearizable bool
}

// execution runs one statement.
type execution struct {
	s *Session
	Request
	retry  retry
	begun  bool // an implicit BEGIN has gone out
	vacuum bool // VACUUM is to follow
}

// Execute begins to run a statement; Continue goes on. A result that was still streaming is dropped first.
func (s *Session) Execute(request Request) *fault.Error {
	if err := checkStatement(request.Statement); err != nil {
		return err
	}
	if err := checkParameters(request.Statement, request.Parameters); err != nil {
		return err
	}
	mode := int64(-1)
	if pragma := request.Statement.Pragma; pragma != nil {
		mode = autoVacuum(pragma)
		if instead, err := s.standInFor(pragma); err != nil {
			return err
		} else if instead != nil {
			request.Statement = instead
		}
	}
	if err := s.start(); err != nil {
		return err
	}
	if request.Statement.Empty() {
		s.drain(func() { s.finish(Result{}) })
		return nil
	}
	e := &execution{s: s, Request: request}
	s.op.nearby = request.Nearby && s.mayReadNearby(request.Statement)
	s.begin(func() {
		e.retry = newRetry(s.options.BusyTimeout)
		if mode >= 0 {
			e.sendAutoVacuum(mode)
			return
		}
		e.send()
	})
	return nil
}

func (e *execution) send() {
	e.begun, e.s.op.ownTransaction = false, false
	implicit := e.Begin != "" && e.Statement.BeginsImplicitly() && !e.s.transaction.open
	switch {
	case e.s.nearby:
		e.s.whenSeen(e.failed, e.query)
	case implicit && !e.Statement.Rows() && takesLock(e.Begin):
		e.begun, e.s.op.ownTransaction = true, true
		e.s.exec(nothing, e.Begin+";\n"+e.Statement.Text, e.Parameters, e.executed)
	case implicit:
		e.begun, e.s.op.ownTransaction = true, true
		e.s.exec(nothing, e.Begin, nil, func(_ wire.Result, failure *wire.Failure) {
			if failure != nil {
				e.failed(failure)
				return
			}
			e.s.transaction.begin()
			e.sendAlone()
		})
	case e.Linearizable && e.Statement.ReadOnly():
		e.s.whenConfirmed(e.sendAlone)
	default:
		e.sendAlone()
	}
}

func (e *execution) sendAlone() {
	if e.Statement.Rows() {
		e.query()
	} else {
		e.s.exec(e.s.stakeOf(e.Statement), e.Statement.Text, e.Parameters, e.executed)
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
		e.s.transaction.begin()
	}
	e.s.transaction.apply(e.Statement)
	e.s.belongings.add(e.Statement)
	if !e.Statement.Modifies() {
		e.s.finish(Result{Changes: -1}) // the server's counters are those of an earlier statement
		return
	}
	e.s.finish(Result{LastInsertID: result.LastInsertID, Changes: result.RowsAffected, Flags: flagsOf(e.Statement)})
}

// flagsOf returns those that say whether the counters in a result are the statement's own.
func flagsOf(statement *sql.Statement) uint32 {
	switch {
	case statement.BeginsImplicitly():
		return ResultModifies | ResultChanges
	case statement.Modifies():
		return ResultChanges
	}
	return 0
}

func (e *execution) failed(failure *wire.Failure) {
	e.s.refused(e.Statement, failure)
	if e.s.nearby && failure.Code == codeError {
		e.s.goToLeader() // which may know a table, or a function, that the other does not know yet
		return
	}
	if pause, again := e.retry.next(failure); again {
		if e.begun {
			e.s.rollBack(func() { e.s.pause(pause, e.send, e.s.fail) })
		} else {
			e.s.pause(pause, e.send, e.s.fail)
		}
		return
	}
	e.s.settle(e.explained(failure), e.begun, e.Statement.Text, e.s.fail)
}

// explained gives a reason where SQLite has none for what an authorizer refuses.
func (e *execution) explained(failure *wire.Failure) *wire.Failure {
	pragma := e.Statement.Pragma
	if failure.Code != codeAuth || failure.Message != "not authorized" || pragma == nil {
		return failure
	}
	explained := *failure
	explained.Message = fmt.Sprintf("PRAGMA %s is refused: this server, of another version, lets no client set it; leave it out", pragma.Name)
	if !pragma.Main() {
		explained.Message = fmt.Sprintf("PRAGMA %s.%s is refused: settings of the file of a temporary database cannot be changed; "+
			"leave it out, or leave %s out", pragma.Schema, pragma.Name, pragma.Schema)
	}
	return &explained
}

// sendAutoVacuum sends PRAGMA auto_vacuum, and lets a VACUUM follow where the database is empty. SQLite changes an empty
// database at once. One of dqlite has its first page from the beginning, and only VACUUM changes it.
func (e *execution) sendAutoVacuum(mode int64) {
	const question = "SELECT (SELECT auto_vacuum FROM pragma_auto_vacuum), (SELECT count(*) FROM sqlite_schema)"
	e.s.lookup(e.s.openStake(), question, nil, 2, func(row []wire.Value, failure *wire.Failure) {
		switch {
		case failure != nil:
			e.s.settle(failure, false, question, e.s.fail)
		case row[0].Int() == mode || row[1].Int() != 0:
			e.send()
		case e.s.transaction.open:
			e.s.fail(&fault.Error{Kind: fault.SQLite, Code: codeAuth, Message: "PRAGMA auto_vacuum is refused within a transaction: " +
				"it takes a VACUUM to change a database of dqlite. Set it before BEGIN"})
		default:
			e.vacuum = true
			e.send()
		}
	})
}

// runVacuum runs VACUUM behind a PRAGMA auto_vacuum that has succeeded.
func (e *execution) runVacuum(then func()) {
	retry := newRetry(e.s.options.BusyTimeout)
	var attempt func()
	attempt = func() {
		e.s.exec(theCommit, "VACUUM", nil, func(_ wire.Result, failure *wire.Failure) {
			if failure == nil {
				then()
				return
			}
			if pause, again := retry.next(failure); again {
				e.s.pause(pause, attempt, e.s.fail)
				return
			}
			e.s.settle(failure, false, "VACUUM", e.s.fail)
		})
	}
	attempt()
}
