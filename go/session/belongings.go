// SPDX-License-Identifier: Apache-2.0

package session

import (
	"slices"

	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// belongings is what a connection has made for itself, on the server that it is connected to.
type belongings struct {
	settings  []setting // PRAGMAs in the order in which they were last set
	temporary bool      // tables and such, which nobody can bring back
}

type setting struct{ name, text string }

// add takes over what a statement that succeeded made.
func (b *belongings) add(statement *sql.Statement) {
	if statement.Temporary {
		b.temporary = true
	}
	if statement.Setting == "" {
		return
	}
	b.settings = slices.DeleteFunc(b.settings, func(s setting) bool { return s.name == statement.Setting })
	b.settings = append(b.settings, setting{statement.Setting, statement.Text})
}

// changeReads tells whether a setting changes what a SELECT returns.
func (b *belongings) changeReads() bool {
	return slices.ContainsFunc(b.settings, func(s setting) bool { return sql.ChangesReads(s.name) })
}

// forget tells whether something is lost with the connection that cannot be made again.
func (b *belongings) forget() bool {
	gone := b.temporary
	b.temporary = false
	return gone
}

// restore sets on a new connection what was set on the one before, and goes on.
func (s *Session) restore(then func()) {
	var next func(left []setting)
	next = func(left []setting) {
		if len(left) == 0 {
			then()
			return
		}
		s.set(left[0].text, func() { next(left[1:]) })
	}
	next(s.belongings.settings)
}

func (s *Session) set(text string, then func()) {
	retry := newRetry(s.options.BusyTimeout)
	var attempt func()
	var take func(wire.Frame)
	attempt = func() {
		s.request(nothing, func(buffer []byte) []byte { return wire.AppendQuerySQL(buffer, text, nil) }, take)
	}
	take = func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeQueryFailure(frame, func(failure *wire.Failure) {
				if pause, again := retry.next(failure); again {
					s.pause(pause, attempt, s.giveUp)
					return
				}
				if failure.Code == codeAuth { // by a server of another version, where there is nothing to set
					then()
					return
				}
				s.giveUp(s.refusal(failure))
			})
			return
		}
		rows, err := wire.DecodeRows(frame)
		for found := err == nil; found && err == nil; {
			found, err = rows.Next(make([]wire.Value, len(rows.Names)))
		}
		switch {
		case err != nil:
			s.lost(err)
		case rows.More:
			s.expect(take)
		default:
			then()
		}
	}
	attempt()
}
