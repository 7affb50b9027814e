// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/wire"
)

// operation is what is under way on a connection, from the call that begins it until Continue has handed out its outcome.
// Only claim makes one and only drop throws one away, so that none leaves anything behind for the next.
type operation struct {
	running        bool // steps are still to be done
	claimed        bool // Continue has not handed out the outcome yet
	ready          bool // the last slice ended although there was more to do
	unasked        bool // nobody has asked for it yet: it reads ahead
	ownTransaction bool // it has itself begun the transaction that is open
	nearby         bool // it reads at the server nearby

	next     step
	giveUpAt time.Time // when a server that does not end what it was asked to end is left alone; zero for never

	first   func()                                     // its first step, from which it may be repeated
	onLoss  func(*Session, *fault.Error) (goesOn bool) // is asked when the link is lost; nil where nothing may be repeated
	routing routing                                    // its ways to a leader

	result  Result
	failure *fault.Error
}

// step is what an operation waits for and what it does then: the next frame or, where they are set, the end of work beside
// the link or of a pause.
type step struct {
	onFrame      func(wire.Frame)
	whileWaiting func() // what there is to do once the request is out
	background   *background
	onTimer      func()             // goes on after a pause, which ends at wakeAt
	onCancel     func(*fault.Error) // ends the pause early, with what the operation fails with
	wakeAt       time.Time
}

// background is work that other goroutines do for an operation.
type background struct {
	done    <-chan struct{}
	abandon func()
	then    func()
}

// stop waits for nothing any more.
func (n *step) stop() {
	if n.background != nil {
		n.background.abandon()
	}
	*n = step{}
}

// start begins an operation.
func (s *Session) start() *fault.Error {
	s.forgetAhead()
	if s.op.claimed {
		return fault.Errorf(fault.Programming, "the connection is still busy with an operation; continue or cancel it first")
	}
	if s.evicted.Load() {
		s.die(fault.ErrNodeClosed)
	}
	if s.dead != nil {
		return s.dead
	}
	s.waker.Clear()
	s.claim()
	return nil
}

// claim makes a new operation. Nothing is left of the one before.
func (s *Session) claim() { s.op = operation{running: true, claimed: true} }

// drop throws away what is under way: nobody is told of its outcome.
func (s *Session) drop() {
	s.op.next.stop()
	s.op = operation{}
}

// forgetAhead drops a batch that was read ahead, and that nobody asks for any more.
func (s *Session) forgetAhead() {
	if s.op.unasked {
		s.drop()
		s.forgetRoom()
	}
}

// pause goes on after a while, or ends the operation in its own way if Cancel comes first.
func (s *Session) pause(duration time.Duration, onTimer func(), onCancel func(*fault.Error)) {
	s.op.next.wakeAt = time.Now().Add(duration)
	s.op.next.onTimer, s.op.next.onCancel = onTimer, onCancel
}

// finish ends the operation well.
func (s *Session) finish(result Result) {
	s.op.running, s.op.result = false, result
	s.releaseLinkBuffers()
}

// fail ends the operation with a failure, unless that costs the link and the operation may go on over another one. Its result
// stays: it reports the rows that ran before.
func (s *Session) fail(failure *fault.Error) {
	s.op.next.stop()
	if failure.LinkLost {
		s.breakLink()
		if s.op.onLoss != nil && s.op.onLoss(s, failure) {
			return
		}
	}
	s.op.running, s.op.failure = false, failure
	s.releaseLinkBuffers()
}

// giveUp fails and breaks a connection if it is unknown whether a transaction is open: the server rolls it back.
func (s *Session) giveUp(reason *fault.Error) {
	reason.LinkLost = true
	s.fail(reason)
}

// breakLink gives the connection up. What was open on it the server rolls back.
func (s *Session) breakLink() {
	s.op.next.stop()
	if s.link == nil {
		return
	}
	s.leave(&s.way)
	s.stream = nil
	if !s.nearby {
		s.transaction.end()
	}
}

// leave gives the link of a way up.
func (s *Session) leave(w *way) {
	if w.link != nil {
		s.shed += w.link.Held()
		s.options.Group.DrainInBackground(w.link)
		w.link = nil
	}
}

// die breaks the connection for ever.
func (s *Session) die(reason *fault.Error) {
	s.breakLink()
	s.leave(&s.other)
	if s.dead == nil {
		s.dead = reason
	}
}

// GiveUp leaves what is under way to the server, with the connection to it; the next operation makes another one. It tells
// whether a transaction was open, which is gone then.
func (s *Session) GiveUp() (lost bool) {
	s.forgetAhead()
	if !s.op.claimed {
		return false
	}
	lost = s.transaction.open
	s.seen.unsure = s.seen.unsure || !s.nearby
	s.breakLink()
	s.drop()
	return lost
}

// errClosed is why a session that was closed can do nothing.
var errClosed = fault.Deadly(fault.Errorf(fault.Programming, "closed"))

// Abandon gives up what is under way, and the connection with it.
func (s *Session) Abandon() {
	s.die(errClosed)
	s.drop()
}
