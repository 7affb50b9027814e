// SPDX-License-Identifier: Apache-2.0

// Package session is one SQL connection to the leader of a cluster. It decides how a statement is sent, what is done when
// one fails, and what a failure means for the data; no write is ever sent a second time unless the server has said that the
// first one did nothing.
//
// An operation (execute, fetch, …) is a chain of steps: each step queues a request and names the function that takes the
// answer. The thread that calls does the I/O in slices: Continue goes on where the last slice ended. A thread that must not
// wait gives slices of 0, between which Needs tells what to wait for.
package session

import (
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

// Flags of a Result; the numbers are those of dqlitepy_result_flag in dqlitepy.h.
const (
	ResultRows     = 1
	ResultMore     = 2
	ResultModifies = 4
)

// Result is what an operation brought, or, for ExecuteMany, what it did before it failed. Data is a pickle, good until the session is used again.
type Result struct {
	Data         []byte
	Rows         uint64
	LastInsertID int64
	Changes      int64
	Flags        uint32
}

// Session is a connection. Enter it before any call but Cancel, Transaction state included, and Leave it afterwards.
type Session struct {
	mu       sync.Mutex
	options  leader.Options
	waker    *link.Waker
	link     *link.Link   // nil while there is no connection to the leader; the next operation makes one
	leader   string       // the last one
	replaced string       // one that does not know yet that it is the leader no more
	dead     *fault.Error // why there will be no other link; nil
	evicted  atomic.Bool
	last     lastStatement
	closing  bool

	transaction transaction
	stream      *stream // the result that is still streaming
	belongings  belongings
	silence     silence
	quorum      *leader.Quorum // nil until a linearizable read

	op    operation // what is under way
	stake stake     // what would be lost with the link, by the last request on it

	pickled []byte                        // rows on their way to Result.Data
	lent    bool                          // pickled is the caller's
	beside  bool                          // a goroutine goes on with it, and holds mu, once the caller has left
	ahead   atomic.Pointer[chan struct{}] // is closed when the last such goroutine has left, too; nil before the first
	shed    int                           // bytes of buffers that were given up but are not yet the system's again
}

func newSession(options leader.Options, waker *link.Waker, l *link.Link) *Session {
	s := &Session{options: options, waker: waker}
	s.adopt(l)
	if options.Group.Add(s) {
		s.evicted.Store(true)
	}
	return s
}

// Enter takes the session for the calling thread, and fails while another one is inside.
func (s *Session) Enter() *fault.Error {
	if s.mu.TryLock() {
		return nil
	}
	if ahead := s.ahead.Load(); ahead != nil {
		<-*ahead // for the time that decoding one batch takes
		if s.mu.TryLock() {
			return nil
		}
	}
	return fault.Errorf(fault.Programming, "the connection is in use by another thread; give each thread its own connection")
}

// InTransaction tells whether a transaction is open, as far as this side can know.
func (s *Session) InTransaction() bool { return s.transaction.open }

// Leader is the address of the leader that was found last.
func (s *Session) Leader() string { return s.leader }

// Cancel ends the operation under way, from any thread.
func (s *Session) Cancel() { s.waker.Raise() }

// Busy tells whether an operation is under way.
func (s *Session) Busy() bool { return s.op.claimed }

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

// Slim gives back what large values took, once Result.Data was copied.
func (s *Session) Slim() {
	s.forgetRoom()
	if cap(s.pickled) > link.KeepSize {
		s.shed += cap(s.pickled)
		s.pickled, s.op.result.Data = nil, nil
	}
	if s.shed > returnSize {
		debug.FreeOSMemory()
	}
	s.shed = 0
}

// turn is how long a slice of 0 works where there is nothing to wait for.
const turn = time.Millisecond

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
			return errReplaced
		}
		return err
	}
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

// lost acts on a connection that failed, or on a server that cannot be understood.
func (s *Session) lost(err error) {
	if errors.As(err, new(*wire.Error)) {
		failure := s.lossError(err.Error())
		if failure.Kind == fault.Connection {
			failure.Kind = fault.Protocol
		}
		s.fail(failure)
		return
	}
	s.fail(s.lossError(link.Describe(err)))
}
