// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"

	"dqlitepy.dev/go/wire"
)

// lookup asks a question whose answer is one row of integers.
func (s *Session) lookup(stake stake, text string, parameters []wire.Value, columns int, then func([]wire.Value, *wire.Failure)) {
	retry := newRetry(s.options.BusyTimeout)
	var attempt func()
	answered := func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeQueryFailure(frame, func(failure *wire.Failure) {
				if pause, again := retry.next(failure); again {
					s.pause(pause, attempt, s.giveUp)
					return
				}
				then(nil, failure)
			})
			return
		}
		row := make([]wire.Value, columns)
		if err := onlyRow(frame, row); err != nil {
			s.lost(err)
			return
		}
		then(row, nil)
	}
	attempt = func() {
		s.request(stake, func(buffer []byte) []byte {
			return wire.AppendQuerySQL(buffer, text, parameters)
		}, answered)
	}
	attempt()
}

var errUnexpected = wire.Errorf("a question about the connection was answered with something else")

func onlyRow(frame wire.Frame, row []wire.Value) error {
	rows, err := wire.DecodeRows(frame)
	if err != nil {
		return err
	}
	if len(rows.Names) != len(row) {
		return errUnexpected
	}
	if found, err := rows.Next(row); err != nil || !found {
		return errors.Join(err, errUnexpected)
	}
	if found, err := rows.Next(make([]wire.Value, len(row))); err != nil || found || rows.More {
		return errors.Join(err, errUnexpected)
	}
	return nil
}

// counters asks for the last rowid and the number of changes, which the answer to a query does not carry.
func (s *Session) counters(then func(lastInsertID, changes int64)) {
	s.lookup(s.pastStake(), "SELECT last_insert_rowid(), changes()", nil, 2, func(row []wire.Value, failure *wire.Failure) {
		if failure != nil { // the statement before it is done: what it did must not look as if it had failed
			then(0, -1)
			return
		}
		then(row[0].Int(), row[1].Int())
	})
}
