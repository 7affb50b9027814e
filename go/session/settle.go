// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/wire"
)

// settle finds out whether a transaction is open after a statement failed, and hands the error on. A transaction that was
// begun for a statement which could not even be prepared is taken back, as sqlite3 would never have begun it.
func (s *Session) settle(failure *wire.Failure, begun bool, text string, then func(*fault.Error)) {
	reason := s.refusal(failure)
	if reason.LinkLost || !begun && !s.transaction.open {
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

// execPatiently is exec for the session's own requests: it repeats them while the database is locked.
func (s *Session) execPatiently(text string, then func(*wire.Failure)) {
	retry := newRetry(s.options.BusyTimeout)
	var attempt func()
	attempt = func() {
		s.exec(s.openStake(), text, nil, func(_ wire.Result, failure *wire.Failure) {
			if failure != nil {
				if pause, again := retry.next(failure); again {
					s.pause(pause, attempt, s.giveUp)
					return
				}
			}
			then(failure)
		})
	}
	attempt()
}
