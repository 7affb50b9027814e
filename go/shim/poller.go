// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
)

// poller tells an event loop which of the handles attached to it can go on, through one descriptor: that of an epoll, which
// is itself readable as long as something in it is. It may name a handle too often, never too seldom.
type poller struct {
	mu        sync.Mutex
	epoll     int
	eventfd   int      // readable while handles are queued
	timerfd   int      // readable when the first of the deadlines has passed
	queue     []uint64 // handles that can go on
	deadlines deadlines
	signalled bool // the eventfd is readable
	closed    bool
}

// What the descriptors of the poller itself are known by in its epoll; no handle is among these numbers.
const (
	eventfdTag = 0
	timerfdTag = 1<<64 - 1
)

// maxEvents is how many descriptors one look at the epoll takes at most.
const maxEvents = 256

//export dqlitepy_poller_open
func dqlitepy_poller_open(handle *C.uint64_t, descriptor *C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*handle, *descriptor = 0, -1
	p, err := newPoller()
	if err != nil {
		return report(out, fault.Errorf(fault.Connection, "no event loop can be served: %v (ulimit -n limits their number)", err))
	}
	*handle, *descriptor = C.uint64_t(handles.add(p)), C.int32_t(p.epoll)
	return C.DQLITEPY_OK
}

//export dqlitepy_poller_take
func dqlitepy_poller_take(handle C.uint64_t, ready *C.uint64_t, capacity C.uint32_t, count *C.uint32_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*count = 0
	p, ok := handles.get(uint64(handle)).(*poller)
	if !ok {
		return report(out, stale("poller"))
	}
	*count = C.uint32_t(p.take(unsafe.Slice((*uint64)(unsafe.Pointer(ready)), uint64(capacity))))
	return C.DQLITEPY_OK
}

//export dqlitepy_poller_close
func dqlitepy_poller_close(handle C.uint64_t) {
	if p, ok := handles.get(uint64(handle)).(*poller); ok && handles.remove(uint64(handle)) {
		p.close()
	}
}

//export dqlitepy_attach
func dqlitepy_attach(handle C.uint64_t, to C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	p, ok := handles.get(uint64(to)).(*poller)
	if !ok {
		return report(out, stale("poller"))
	}
	object, ok := handles.get(uint64(handle)).(interface{ attach(*poller) })
	if !ok {
		return report(out, stale("node, connection, copy or task"))
	}
	object.attach(p)
	return C.DQLITEPY_OK
}

func newPoller() (*poller, error) {
	p := &poller{epoll: -1, eventfd: -1, timerfd: -1}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err == nil {
		if p.eventfd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
			p.timerfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
		}
	}
	if err == nil {
		err = p.control(unix.EPOLL_CTL_ADD, p.eventfd, eventfdTag, unix.EPOLLIN)
	}
	if err == nil {
		err = p.control(unix.EPOLL_CTL_ADD, p.timerfd, timerfdTag, unix.EPOLLIN)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) control(operation, fd int, tag uint64, events uint32) error {
	return unix.EpollCtl(p.epoll, operation, fd, &unix.EpollEvent{Events: events, Fd: int32(tag), Pad: int32(tag >> 32)})
}

// take fills ready with handles that can go on and returns how many. What does not fit stays, and the descriptor readable.
func (p *poller) take(ready []uint64) (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0
	}
	var events [maxEvents]unix.EpollEvent
	n, _ := unix.EpollWait(p.epoll, events[:min(len(events), len(ready))], 0)
	for _, event := range events[:max(n, 0)] {
		switch tag := uint64(uint32(event.Pad))<<32 | uint64(uint32(event.Fd)); tag {
		case eventfdTag:
		case timerfdTag:
			p.expire(time.Now())
		default:
			if c, ok := handles.get(tag).(*connectionHandle); ok {
				c.interest.news.Add(event.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
			}
			ready[count] = tag
			count++
		}
	}
	taken := copy(ready[count:], p.queue)
	p.queue = p.queue[:copy(p.queue, p.queue[taken:])]
	p.signal()
	return count + taken
}

// signal makes the eventfd tell whether handles are queued.
func (p *poller) signal() {
	if queued := len(p.queue) > 0; queued != p.signalled {
		p.signalled = queued
		if queued {
			unix.Write(p.eventfd, binary.NativeEndian.AppendUint64(nil, 1))
			return
		}
		var count [8]byte
		unix.Read(p.eventfd, count[:])
	}
}

// enqueue names a handle at the next take; from any thread.
func (p *poller) enqueue(handle uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.queue = append(p.queue, handle)
		p.signal()
	}
}

// expire queues the handles whose deadlines have passed.
func (p *poller) expire(now time.Time) {
	for len(p.deadlines) > 0 && !now.Before(p.deadlines[0].at) {
		passed := heap.Pop(&p.deadlines).(deadline)
		passed.interest.until = time.Time{}
		p.queue = append(p.queue, passed.handle)
	}
	p.setTimer()
}

// setTimer lets the timerfd go off at the first deadline.
func (p *poller) setTimer() {
	var setting unix.ItimerSpec
	if len(p.deadlines) > 0 {
		setting.Value = unix.NsecToTimespec(max(int64(time.Until(p.deadlines[0].at)), 1))
	}
	unix.TimerfdSettime(p.timerfd, 0, &setting, nil)
}

func (p *poller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.queue, p.deadlines = nil, nil
	for _, fd := range []int{p.epoll, p.eventfd, p.timerfd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// interest is what a poller watches for a session.
type interest struct {
	waker bool
	done  <-chan struct{}
	link  any // the one whose socket it is; nil before the first
	write bool
	until time.Time // the next of its deadlines; zero for none

	news link.News // of that socket
}

// watch names a handle once one of the needs of its session has come true. Descriptors stay in the epoll from one operation to
// the next, for edges: that saves a system call each time.
func (p *poller) watch(handle uint64, needs session.Needs, i *interest) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	if needs.Turn {
		p.queue = append(p.queue, handle)
		p.signal()
		return nil
	}
	if !i.waker {
		if err := p.control(unix.EPOLL_CTL_ADD, needs.Waker, handle, unix.EPOLLIN|unix.EPOLLET); err != nil {
			return fmt.Errorf("the event loop cannot be told of a cancellation: %w", err)
		}
		i.waker = true
	}
	if needs.Done != nil && i.done != needs.Done {
		i.done = needs.Done
		go func() {
			<-needs.Done
			p.enqueue(handle)
		}()
	}
	if needs.Socket >= 0 && (i.link != needs.Link || i.write != needs.Write) {
		operation, events := unix.EPOLL_CTL_MOD, uint32(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLET)
		if i.link != needs.Link {
			operation = unix.EPOLL_CTL_ADD
			i.news.Forget()
		}
		if needs.Write {
			events |= unix.EPOLLOUT
		}
		err := p.control(operation, needs.Socket, handle, events)
		if err == unix.EEXIST { // a connection may have two links, and go from one to the other and back
			err = p.control(unix.EPOLL_CTL_MOD, needs.Socket, handle, events)
		}
		if err != nil {
			return fmt.Errorf("the event loop cannot be told of an answer: %w", err)
		}
		i.link, i.write = needs.Link, needs.Write
	}
	// A later one waits until the one before has passed and the operation is called again: over the network every statement
	// has one, some seconds ahead, which its answer makes pointless.
	if !needs.Until.IsZero() && (i.until.IsZero() || needs.Until.Before(i.until)) {
		i.until = needs.Until
		heap.Push(&p.deadlines, deadline{needs.Until, handle, i})
		if p.deadlines[0].at.Equal(needs.Until) {
			p.setTimer()
		}
	}
	return nil
}

type deadline struct {
	at       time.Time
	handle   uint64
	interest *interest // whose it is
}

// deadlines is a heap, the next one first.
type deadlines []deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at.Before(d[j].at) }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(item any)     { *d = append(*d, item.(deadline)) }

func (d *deadlines) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
