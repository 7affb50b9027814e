// SPDX-License-Identifier: Apache-2.0

package session

import (
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

// drain ends the result that is streaming, if any: INTERRUPT is answered with Empty behind all that was on its way.
func (s *Session) drain(then func()) {
	if s.stream == nil {
		then()
		return
	}
	if s.stream.ended {
		s.stream = nil
		then()
		return
	}
	s.stake = s.openStake()
	s.link.Awaiting = true // the rows that are on their way
	if !s.stream.draining {
		s.stream.draining = true
		s.link.Queue(wire.AppendInterrupt)
	}
	var skip func(wire.Frame)
	skip = func(frame wire.Frame) {
		switch {
		case frame.Type == wire.ResponseEmpty:
			s.stream = nil
			then()
		case frame.Type == wire.ResponseRows && link.Endless(frame):
			s.lost(errEndless)
		case frame.Type == wire.ResponseRows, frame.Type == wire.ResponseFailure:
			s.expect(skip)
		default:
			s.lost(wire.Errorf("INTERRUPT was answered by a response of type %d", frame.Type))
		}
	}
	s.expect(skip)
}

var errEndless = wire.Errorf("endless pages without rows: the names of the columns are longer than a page; " +
	"give them shorter ones by AS")
