// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

// BatchRoom is the size of a room for Fetch that nearly every batch fits into: its last page may go beyond batchSize.
const BatchRoom = batchSize + 2*link.ReadSize

// ReadAhead decodes the next batch of the streaming result on a goroutine, while the caller makes the last batch into objects.
// It begins when the caller leaves. It decodes what has arrived and waits for nothing, so the session is soon free again. It
// leaves all that is no page of rows to Fetch, which goes on from there: a failure needs a caller who can be told.
func (s *Session) ReadAhead(room []byte) {
	if s.stream == nil || s.stream.ended || s.stream.fault != nil || s.op.claimed || s.dead != nil || s.waker.Raised() {
		return
	}
	s.claim()
	s.fetch(room)
	s.op.unasked, s.beside = true, true
	ahead := make(chan struct{})
	s.ahead.Store(&ahead)
}

// Leave gives the session back.
func (s *Session) Leave() {
	if !s.beside {
		s.mu.Unlock()
		return
	}
	left := *s.ahead.Load()
	go func() { // the session stays taken
		defer close(left) // after Unlock, so that whoever waits for this can enter
		defer s.mu.Unlock()
		defer func() {
			if reason := recover(); reason != nil {
				s.die(fault.Defect(reason))
			}
			s.beside = false
		}()
		s.decodeAhead()
	}()
}

func (s *Session) decodeAhead() {
	st := s.stream
	for s.op.running && !st.draining && !s.waker.Raised() {
		frame, err := s.link.Receive(time.Time{})
		if err != nil {
			return
		}
		if frame.Type != wire.ResponseRows {
			s.link.Unread(frame)
			return
		}
		more, err := st.decode(frame)
		if err != nil {
			s.link.Unread(frame)
			return
		}
		s.see(frame)
		s.taken()
		st.goOn(more)
	}
}
