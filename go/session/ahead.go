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

// ReadAhead has the next batch of the result that streams put together beside the caller, who makes the last one into objects
// meanwhile. That begins when the caller leaves. What has come in is decoded and nothing is waited for, so that the session is
// soon free again; whatever is no page of rows stays where it is, for Fetch, which goes on from there. So nothing fails before
// somebody is there who can be told.
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
		defer close(left) // after the session is given back: who is told of this is sure to get it
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
