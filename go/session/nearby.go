// SPDX-License-Identifier: Apache-2.0

package session

import (
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// seen is what a connection has written and read, as a position in the cluster's log: a read at a server that has applied less
// would go back in time. It holds for all servers, as they have one log.
type seen struct {
	position uint64 // as servers have told
	given    uint64 // by whoever has the connection, which nobody has checked
	unsure   bool   // a write may have been committed at a position that is not known: the leader has to be asked
}

// see takes note of what a server tells with an answer.
func (s *Session) see(frame wire.Frame) {
	if !s.link.Positions || !frame.HasPosition() {
		return
	}
	s.seen.position = max(s.seen.position, s.link.Applied)
	if !s.nearby {
		s.seen.unsure = false // the leader had applied that write by then, if it was committed
	}
}

// Position is that of what this connection has written and read, in the cluster's log, 0 before it knows of one; and the one
// that it was given.
func (s *Session) Position() (told, given uint64) { return s.seen.position, s.seen.given }

// Await makes the reads to come see what another connection has written and read up to a position, until another one is given.
func (s *Session) Await(position uint64) { s.seen.given = position }

// refused takes note that the server has refused a statement which may have written: rows before the one that failed can be
// committed (ON CONFLICT FAIL, RAISE(FAIL)), at a position that was not told.
func (s *Session) refused(statement *sql.Statement, failure *wire.Failure) {
	if !s.nearby && !statement.ReadOnly() && failure.Code != wire.CodeBusy {
		s.seen.unsure = true
	}
}

// mayReadNearby tells whether a statement may run at another server than the leader. What the connection itself has there,
// an open transaction above all, is out of that server's sight.
func (s *Session) mayReadNearby(statement *sql.Statement) bool {
	way := &s.way
	if s.nearby {
		way = &s.other
	}
	tells := way.link == nil || way.link.Positions // else it does not say where this connection's writes are
	return s.options.Nearby && statement.Portable && !s.transaction.open && !s.seen.unsure && tells &&
		!s.belongings.temporary && !s.belongings.changeReads()
}

// whenSeen goes on once the server nearby has applied what the connection has seen.
func (s *Session) whenSeen(failed func(*wire.Failure), then func()) {
	position := max(s.seen.position, s.seen.given)
	if s.link.Applied >= position {
		then()
		return
	}
	s.request(nothing, func(buffer []byte) []byte {
		return wire.AppendAwait(buffer, position, s.options.BusyTimeout)
	}, func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeFailure(frame, failed)
			return
		}
		if err := wire.DecodeEmpty(frame); err != nil {
			s.lost(err)
			return
		}
		s.link.Applied = max(s.link.Applied, position)
		then()
	})
}
