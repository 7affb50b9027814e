// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
)

// Continue goes on with the operation under way. It returns false when the slice ended first. A slice of 0 never waits.
func (s *Session) Continue(slice time.Duration) (result Result, done bool, failure *fault.Error) {
	if !s.op.claimed {
		return Result{}, true, fault.Errorf(fault.Programming, "nothing is under way on the connection")
	}
	if !s.run(slice) {
		return Result{}, false, nil
	}
	s.op.claimed = false
	return s.op.result, true, s.op.failure
}

// turn is how long a slice of 0 works where there is nothing to wait for.
const turn = time.Millisecond

// run does steps until the operation ends, or the slice. It tells whether the operation has ended.
func (s *Session) run(slice time.Duration) (done bool) {
	var end, deadline time.Time
	if slice > 0 {
		end = time.Now().Add(max(slice, turn))
		deadline = end
	}
	s.op.ready = false
	for s.op.running {
		switch err := s.step(deadline); err {
		case nil: // a server that is always faster than we are must not keep the thread from its signals
			if !s.op.running {
				return true
			}
			now := time.Now()
			if end.IsZero() {
				end = now.Add(turn)
			}
			if now.After(end) {
				s.op.ready = true
				return false
			}
		case link.ErrSliceEnded:
			return false
		case link.ErrCancelled:
			s.cancelled()
		default:
			s.lost(err)
		}
	}
	return true
}

// step waits for what the operation needs next, and goes on with it.
func (s *Session) step(deadline time.Time) error {
	if s.dead != nil { // by its node's end between two slices
		s.fail(s.dead)
		return nil
	}
	if s.waker.Clear() {
		return link.ErrCancelled
	}
	if s.op.next.background != nil {
		if err := s.waker.Await(s.op.next.background.done, deadline); err != nil {
			return err
		}
		then := s.op.next.background.then
		s.op.next.background = nil
		then()
		return nil
	}
	if s.op.next.onTimer != nil {
		if err := s.waker.Sleep(link.Earlier(deadline, s.op.next.wakeAt)); err != link.ErrSliceEnded || time.Now().Before(s.op.next.wakeAt) {
			return err
		}
		onTimer := s.op.next.onTimer
		s.op.next.onTimer, s.op.next.onCancel = nil, nil
		onTimer()
		return nil
	}
	if !s.op.giveUpAt.IsZero() {
		if !time.Now().Before(s.op.giveUpAt) {
			return link.ErrCancelled
		}
		deadline = link.Earlier(deadline, s.op.giveUpAt)
	}
	whileWaiting := s.op.next.whileWaiting
	s.op.next.whileWaiting = nil
	frame, err := s.link.ReceiveAfter(whileWaiting, deadline)
	if err != nil {
		if err == link.ErrSliceEnded && s.watch() {
			return s.whyGivenUp()
		}
		return err
	}
	s.see(frame)
	onFrame := s.op.next.onFrame
	s.taken()
	onFrame(frame)
	return nil
}

// taken takes note that the frame that was due has come.
func (s *Session) taken() {
	s.silence = silence{}
	s.op.next.onFrame, s.link.Awaiting = nil, false
}

// cancelPatience is how long a server may take to end the rows that it sends, before the connection is given up: a user who
// presses Ctrl-C has a second at most.
var cancelPatience = 700 * time.Millisecond // tests are more patient

// cancelled acts on Cancel, and on a server that does not end what it was asked to end.
func (s *Session) cancelled() {
	switch {
	case s.evicted.Load():
		loss := s.lossError("its node was closed")
		s.die(fault.ErrNodeClosed)
		s.fail(fault.Deadly(loss))
	case s.op.next.background != nil:
		s.fail(fault.Interruption()) // which abandons it
	case s.op.next.onTimer != nil:
		onCancel := s.op.next.onCancel
		s.op.next.onTimer, s.op.next.onCancel = nil, nil
		onCancel(fault.Interruption())
	case s.stream != nil && s.stream.interruptible():
		s.op.giveUpAt = time.Now().Add(cancelPatience)
		s.drain(func() { s.fail(fault.Interruption()) })
	default:
		s.fail(s.interruptError())
	}
}
