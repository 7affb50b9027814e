// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"context"
	"strings"
	"sync"
	"time"
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
)

// connectionHandle is a connection with what is under way on it.
type connectionHandle struct {
	mu      sync.Mutex
	handle  uint64
	job     *job // connecting; nil afterwards
	closing bool
	session *session.Session // nil until connected
	room    unsafe.Pointer   // for the next batch of rows; nil for none. Guarded by the session

	attachment
	interest interest // what the poller watches; guarded by the session
}

// remote is the group of the connections to nodes in other processes, which may never answer again.
var remote = link.NewGroup(5 * time.Second)

//export dqlitepy_connect
func dqlitepy_connect(options C.dqlitepy_connect_options_in, slice_ms C.int32_t, handle *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*handle = 0
	if linkage != nil {
		return report(out, linkage)
	}
	settings, failure := optionsOf(options)
	if failure != nil {
		return report(out, failure)
	}
	c := &connectionHandle{}
	c.job = startJob(func(ctx context.Context) *fault.Error {
		connected, failure := session.Connect(ctx, settings)
		c.session = connected
		return failure
	})
	c.handle = handles.add(c)
	*handle = C.uint64_t(c.handle)
	status = c.wait(sliceOf(slice_ms), out)
	if status == C.DQLITEPY_ERROR {
		*handle = 0
	}
	return status
}

func optionsOf(options C.dqlitepy_connect_options_in) (leader.Options, *fault.Error) {
	settings := leader.Options{
		Servers:       strings.Fields(textOf(options.servers)),
		Database:      textOf(options.database),
		Group:         remote,
		FindShortcut:  findShortcut,
		BusyTimeout:   time.Duration(options.busy_timeout_ms) * time.Millisecond,
		LeaderTimeout: time.Duration(options.leader_timeout_ms) * time.Millisecond,
		Nearby:        options.reads != C.DQLITEPY_READS_LEADER,
		NearbyFirst:   options.reads == C.DQLITEPY_READS_FIRST,
		MaxStaleness:  time.Duration(options.max_staleness_ms) * time.Millisecond,
	}
	trust, failure := trustIn(options.tls_certificate, options.tls_key, options.tls_authority)
	if failure != nil {
		return settings, failure
	}
	settings.Credentials = trust
	if options.node == 0 {
		return settings, nil
	}
	n, failure := runningNode(uint64(options.node))
	if failure != nil {
		return settings, failure
	}
	settings.Group, settings.Local = n.group, true
	return settings, nil
}

//export dqlitepy_in_transaction
func dqlitepy_in_transaction(connection C.uint64_t, in_transaction *C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	return use(connection, out, func(c *connectionHandle) C.int32_t {
		*in_transaction = 0
		if c.session.InTransaction() {
			*in_transaction = 1
		}
		return C.DQLITEPY_OK
	})
}

//export dqlitepy_give_up
func dqlitepy_give_up(connection C.uint64_t, transaction_lost *C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	return use(connection, out, func(c *connectionHandle) C.int32_t {
		*transaction_lost = 0
		if c.session.GiveUp() {
			*transaction_lost = 1
		}
		return C.DQLITEPY_OK
	})
}

//export dqlitepy_leader_address
func dqlitepy_leader_address(connection C.uint64_t, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	return use(connection, out, func(c *connectionHandle) C.int32_t {
		handOver([]byte(c.session.Leader()), block, size)
		return C.DQLITEPY_OK
	})
}

//export dqlitepy_position
func dqlitepy_position(connection C.uint64_t, position, given *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	return use(connection, out, func(c *connectionHandle) C.int32_t {
		told, asked := c.session.Position()
		*position, *given = C.uint64_t(told), C.uint64_t(asked)
		return C.DQLITEPY_OK
	})
}

//export dqlitepy_await_position
func dqlitepy_await_position(connection, position C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	return use(connection, out, func(c *connectionHandle) C.int32_t {
		c.session.Await(uint64(position))
		return C.DQLITEPY_OK
	})
}

// use calls work inside the session of an open connection.
func use(handle C.uint64_t, out *C.dqlitepy_error, work func(*connectionHandle) C.int32_t) C.int32_t {
	c, ok := handles.get(uint64(handle)).(*connectionHandle)
	if !ok {
		return report(out, stale("connection"))
	}
	c.mu.Lock()
	busy := c.job != nil || c.closing
	s := c.session
	c.mu.Unlock()
	if busy {
		return report(out, fault.Errorf(fault.Programming, "the connection is being opened or closed: wait for it first"))
	}
	if failure := s.Enter(); failure != nil {
		return report(out, failure)
	}
	defer s.Leave()
	finished := false
	defer func() {
		if !finished { // a panic: the state of the session is unknown
			s.Abandon()
		}
	}()
	status := work(c)
	finished = true
	return c.watched(status, out)
}

// watched lets the poller look after an operation that is not done. Where it cannot, the operation ends.
func (c *connectionHandle) watched(status C.int32_t, out *C.dqlitepy_error) C.int32_t {
	p := c.poller.Load()
	if status != C.DQLITEPY_PENDING || p == nil {
		return status
	}
	needs := c.session.Needs()
	if err := p.watch(c.handle, needs, &c.interest); err != nil {
		c.session.Abandon()
		return report(out, &fault.Error{Kind: fault.Connection, Broken: true, Message: err.Error()})
	}
	if needs.Link != nil && needs.Link == c.interest.link {
		c.session.Watched(&c.interest.news)
	}
	return status
}

func (c *connectionHandle) attach(p *poller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attachTo(p, c.handle, c.job)
}

// wait waits for the connection to be opened or closed. A handle that was not opened, or is closed, goes with it.
func (c *connectionHandle) wait(slice time.Duration, out *C.dqlitepy_error) C.int32_t {
	c.mu.Lock()
	job, closing := c.job, c.closing
	c.mu.Unlock()
	switch {
	case job != nil && !job.wait(slice):
		c.awaits(c.handle, job)
		return C.DQLITEPY_PENDING
	case job != nil && job.failure != nil:
		handles.remove(c.handle)
		if closing {
			return C.DQLITEPY_OK
		}
		return report(out, job.failure)
	case job != nil:
		c.mu.Lock()
		c.job = nil
		c.mu.Unlock()
	}
	if !closing {
		return C.DQLITEPY_OK
	}
	return c.finish(slice, out)
}

// finish goes on with closing.
func (c *connectionHandle) finish(slice time.Duration, out *C.dqlitepy_error) C.int32_t {
	s := c.session
	if failure := s.Enter(); failure != nil {
		return report(out, failure)
	}
	defer s.Leave()
	if !s.Closing() {
		s.Close()
	}
	if s.Busy() {
		if _, done, _ := s.Continue(slice); !done {
			return c.watched(C.DQLITEPY_PENDING, out)
		}
	}
	if handles.remove(c.handle) {
		s.Destroy()
		c.freeRoom()
	}
	return C.DQLITEPY_OK
}

// close begins to close the connection.
func (c *connectionHandle) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	if c.job != nil {
		c.job.cancel()
	}
}

func (c *connectionHandle) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.connected():
		if c.session != nil {
			c.session.Cancel()
		}
	default:
		c.job.cancel()
	}
}

// connected is closed once there is nothing to wait for before the session can be used.
func (c *connectionHandle) connected() <-chan struct{} {
	if c.job == nil {
		return always
	}
	return c.job.done
}

var always = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
