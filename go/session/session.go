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

	// The operation under way:
	running   bool               // steps are still to be done
	ready     bool               // the last slice ended although there was more to do
	claimed   bool               // Continue has not handed out the outcome yet
	first     func()             // its first step, as long as it may be repeated from there
	routing   routing            // its ways to a leader
	own       bool               // it has itself begun the transaction that is open
	outside   *outside           // what it waits for beside its link
	then      func(wire.Frame)   // takes the next frame
	meanwhile func()             // what it has to do once its request is out
	awake     func()             // goes on after a pause, which ends at wakeAt
	roused    func(*fault.Error) // ends the pause early, with what the operation fails with
	wakeAt    time.Time
	stake     stake     // what would be lost with the connection
	giveUpAt  time.Time // when a server that does not end what it was asked to end is left alone; zero for never
	result    Result
	failure   *fault.Error
	pickled   []byte                        // rows on their way to Result.Data
	lent      bool                          // pickled is the caller's
	unasked   bool                          // nobody has asked for it yet: it reads ahead
	beside    bool                          // a goroutine goes on with it, and holds mu, once the caller has left
	ahead     atomic.Pointer[chan struct{}] // is closed when the last such goroutine has left, too; nil before the first
	shed      int                           // bytes of buffers that were given up but are not yet the system's again
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
func (s *Session) Busy() bool { return s.claimed }

// Continue goes on with the operation under way. It returns false when the slice ended first. A slice of 0 never waits.
func (s *Session) Continue(slice time.Duration) (result Result, done bool, failure *fault.Error) {
	if !s.claimed {
		return Result{}, true, fault.Errorf(fault.Programming, "nothing is under way on the connection")
	}
	if !s.run(slice) {
		return Result{}, false, nil
	}
	s.claimed = false
	return s.result, true, s.failure
}

// Slim gives back what large values took, once Result.Data was copied.
func (s *Session) Slim() {
	s.forgetRoom()
	if cap(s.pickled) > link.KeepSize {
		s.shed += cap(s.pickled)
		s.pickled, s.result.Data = nil, nil
	}
	if s.shed > returnSize {
		debug.FreeOSMemory()
	}
	s.shed = 0
}

// start begins an operation.
func (s *Session) start() *fault.Error {
	s.forgetAhead()
	if s.claimed {
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

func (s *Session) claim() {
	s.running, s.claimed, s.result, s.failure, s.giveUpAt = true, true, Result{}, nil, time.Time{}
	s.first, s.meanwhile, s.own, s.routing = nil, nil, false, routing{}
}

// turn is how long a slice of 0 works where there is nothing to wait for.
const turn = time.Millisecond

func (s *Session) run(slice time.Duration) (done bool) {
	var end, deadline time.Time
	if slice > 0 {
		end = time.Now().Add(max(slice, turn))
		deadline = end
	}
	s.ready = false
	for s.running {
		switch err := s.step(deadline); err {
		case nil: // a server that is always faster than we are must not keep the thread from its signals
			if !s.running {
				return true
			}
			now := time.Now()
			if end.IsZero() {
				end = now.Add(turn)
			}
			if now.After(end) {
				s.ready = true
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
	if s.outside != nil {
		if err := s.waker.Await(s.outside.done, deadline); err != nil {
			return err
		}
		then := s.outside.then
		s.outside = nil
		then()
		return nil
	}
	if s.awake != nil {
		if err := s.waker.Sleep(link.Earlier(deadline, s.wakeAt)); err != link.ErrSliceEnded || time.Now().Before(s.wakeAt) {
			return err
		}
		awake := s.awake
		s.awake, s.roused = nil, nil
		awake()
		return nil
	}
	if !s.giveUpAt.IsZero() {
		if !time.Now().Before(s.giveUpAt) {
			return link.ErrCancelled
		}
		deadline = link.Earlier(deadline, s.giveUpAt)
	}
	meanwhile := s.meanwhile
	s.meanwhile = nil
	frame, err := s.link.ReceiveAfter(meanwhile, deadline)
	if err != nil {
		if err == link.ErrSliceEnded && s.watch() {
			return errReplaced
		}
		return err
	}
	then := s.then
	s.taken()
	then(frame)
	return nil
}

// taken takes note that the frame that was due has come.
func (s *Session) taken() {
	s.silence = silence{}
	s.then, s.link.Awaiting = nil, false
}

// outside is work that other goroutines do for an operation.
type outside struct {
	done    <-chan struct{}
	abandon func()
	then    func()
}

// pause goes on after a while, or ends the operation in its own way if Cancel comes first.
func (s *Session) pause(duration time.Duration, awake func(), roused func(*fault.Error)) {
	s.wakeAt = time.Now().Add(duration)
	s.awake, s.roused = awake, roused
}

func (s *Session) finish(result Result) {
	s.running, s.result = false, result
	if s.link != nil && s.stream == nil {
		s.shed += s.link.ReleaseBuffers()
	}
}

func (s *Session) fail(failure *fault.Error) {
	s.then, s.awake, s.roused = nil, nil, nil
	if failure.LinkLost {
		s.breakLink()
		if s.repeat(failure) {
			return
		}
	}
	s.running, s.failure = false, failure
	if s.link != nil && s.stream == nil {
		s.shed += s.link.ReleaseBuffers()
	}
}

// breakLink gives the connection up. What was open on it the server rolls back.
func (s *Session) breakLink() {
	if s.outside != nil {
		s.outside.abandon()
		s.outside = nil
	}
	if s.link == nil {
		return
	}
	s.shed += s.link.Held()
	s.options.Group.DrainInBackground(s.link)
	s.link, s.stream = nil, nil
	s.transaction.end()
}

// die breaks the connection for ever.
func (s *Session) die(reason *fault.Error) {
	s.breakLink()
	if s.dead == nil {
		s.dead = reason
	}
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
	case s.outside != nil:
		s.outside.abandon()
		s.outside = nil
		s.fail(fault.Interruption())
	case s.awake != nil:
		roused := s.roused
		s.awake, s.roused = nil, nil
		roused(fault.Interruption())
	case s.stream != nil && s.stream.interruptible():
		s.giveUpAt = time.Now().Add(cancelPatience)
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
