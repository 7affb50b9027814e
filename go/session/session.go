// SPDX-License-Identifier: Apache-2.0

// Package session is one SQL connection to the leader of a cluster. It decides how a statement is sent, what is done when
// one fails, and what a failure means for the data; no write is ever sent a second time unless the server has said that the
// first one did nothing.
//
// An operation (Execute, Fetch, …) is a chain of steps: each step queues a request, names the function that takes the answer,
// and returns. Code that simply waited would be shorter. But the thread that calls is Python's. It does the I/O itself, in
// slices, and in between goes back to Python, which looks for signals; under an event loop it never waits at all. So what is
// under way must be a value that any thread can go on with, and not a stack. A goroutine for each operation would cost two
// switches between threads a step, more than the statement itself. iter.Pull cannot serve either: a call through cgo is locked
// to its thread, and Go ends the process when a coroutine is resumed on another thread than the one it was made on.
//
// To follow one Execute:
//
//	execute.go    Execute checks its request, claims the operation and gives its first step to begin
//	begin.go      finds a link if there is none, ends a result that still streams, then does that step
//	execute.go    send decides what goes out, and what would be lost with it (stake, in failure.go)
//	exchange.go   request queues the bytes and names who takes the answer
//	run.go        Continue does steps: each waits for a frame, in slices, and gives it to who was named
//	execute.go    executed takes an answer without rows; stream.go takes pages of rows and makes a pickle of them
//	operation.go  finish or fail ends the operation, and Continue hands out its result
//
// Where it goes wrong: failure.go says what that means for the data, retry.go whether to try again while the database is
// locked, settle.go finds out what a statement that failed has left, and reconnect.go whether all of it may be done again on
// another leader. What is below a session is in packages of its own: link, leader and fault.
package session

import (
	"sync"
	"sync/atomic"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
)

// Flags of a Result; the numbers are those of dqlitepy_result_flag in dqlitepy.h.
const (
	ResultRows     = 1
	ResultMore     = 2
	ResultModifies = 4
	ResultChanges  = 8
)

// Result is what an operation brought, or, for ExecuteMany, what it did before it failed. Data is a pickle, good until the
// session is used again.
type Result struct {
	Data         []byte
	Rows         uint64
	LastInsertID int64
	Changes      int64
	Flags        uint32
}

// Session is a connection. Enter it before any call but Cancel, Transaction state included, and Leave it afterwards.
type Session struct {
	mu      sync.Mutex // held by whoever is inside
	options leader.Options
	waker   *link.Waker
	op      operation // what is under way

	// The way to the server of the operation under way, or of the last one: to the leader, or to one nearby.
	way
	nearby bool
	other  way            // the other one
	seen   seen           // of what was written and read
	quorum *leader.Quorum // nil until a linearizable read or a long silence

	// What the server keeps for this connection, or would:
	transaction transaction
	stake       stake   // what would be lost with the link by the last request on it, whose rows may still stream
	stream      *stream // the result that is still streaming; nil
	belongings  belongings
	kept        kept

	// The end:
	closing bool
	evicted atomic.Bool  // the node of the connection is being closed
	dead    *fault.Error // why there will be no other link; nil

	// What is kept from one operation to the next:
	last    lastStatement
	pickled []byte // rows on their way to Result.Data
	lent    bool   // pickled is the caller's
	shed    int    // bytes of buffers that were given up but are not yet the system's again

	// Reading ahead:
	beside bool                          // a goroutine goes on with the operation, and holds mu, once the caller has left
	ahead  atomic.Pointer[chan struct{}] // is closed when the last such goroutine has left, too; nil before the first
}

// way leads to a server.
type way struct {
	link     *link.Link // nil while there is none; the next operation makes one
	leader   string     // the last one; "" for the way to the server nearby
	replaced string     // one that does not know yet that it is the leader no more
	silence  silence    // of the server that owes an answer
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
func (s *Session) Leader() string {
	if s.nearby {
		return s.other.leader
	}
	return s.leader
}

// Cancel ends the operation under way, from any thread.
func (s *Session) Cancel() { s.waker.Raise() }

// Busy tells whether an operation is under way.
func (s *Session) Busy() bool { return s.op.claimed }

// adopt makes a link that was found the one of the present way.
func (s *Session) adopt(l *link.Link) {
	l.Waker = s.waker
	s.way = way{link: l} // silence was another server's
	if !s.nearby {
		s.leader = l.Address
	}
}

// switchTo makes the way to the server nearby the present one, or the way to the leader.
func (s *Session) switchTo(nearby bool) {
	if s.nearby != nearby {
		s.way, s.other, s.nearby = s.other, s.way, nearby
	}
}
