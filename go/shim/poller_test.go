// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
)

func openPoller(t *testing.T) *poller {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// readable tells whether the poller's descriptor becomes readable, as an event loop sees it.
func (p *poller) readable(patience time.Duration) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(p.epoll), Events: unix.POLLIN}}, int(patience.Milliseconds()))
	return n == 1
}

func TestAPollerStaysReadableUntilAllIsTaken(t *testing.T) {
	p := openPoller(t)
	for handle := range uint64(5) {
		p.enqueue(handle + 1)
	}
	ready := make([]uint64, 3)
	if !p.readable(0) || p.take(ready) != 3 || !slices.Equal(ready, []uint64{1, 2, 3}) {
		t.Errorf("%v", ready)
	}
	if !p.readable(0) || p.take(ready) != 2 || p.readable(0) {
		t.Errorf("%v", ready)
	}
}

func TestAPollerNamesADoneJob(t *testing.T) {
	p := openPoller(t)
	ready := make([]uint64, 3)
	release := make(chan struct{})
	j := startJob(func(context.Context) *fault.Error { <-release; return nil })
	var a attachment
	a.attachTo(p, 7, j)
	if p.readable(0) {
		t.Error("named before it was done")
	}
	close(release)
	if !p.readable(time.Minute) || p.take(ready) != 1 || ready[0] != 7 {
		t.Errorf("%v", ready)
	}
	a.awaits(8, j) // done already
	if !p.readable(0) || p.take(ready) != 1 || ready[0] != 8 {
		t.Errorf("%v", ready)
	}
}

func TestAPollerNamesAHandleWhenOneOfItsNeedsComesTrue(t *testing.T) {
	p := openPoller(t)
	ready := make([]uint64, 3)
	waker, _ := unix.Eventfd(0, unix.EFD_NONBLOCK)
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(waker)
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	var i interest
	link := new(int)
	for name, come := range map[string]func(session.Needs) error{
		"socket": func(needs session.Needs) error {
			err := p.watch(9, needs, &i)
			unix.Write(pair[1], []byte("x"))
			return err
		},
		"waker": func(needs session.Needs) error {
			err := p.watch(9, needs, &i)
			unix.Write(waker, []byte{1, 0, 0, 0, 0, 0, 0, 0})
			return err
		},
		"time": func(needs session.Needs) error {
			needs.Until = time.Now().Add(time.Millisecond)
			return p.watch(9, needs, &i)
		},
		"turn": func(needs session.Needs) error {
			needs.Turn = true
			return p.watch(9, needs, &i)
		},
		"room": func(needs session.Needs) error {
			needs.Write = true
			return p.watch(9, needs, &i)
		},
		"done": func(needs session.Needs) error {
			done := make(chan struct{})
			close(done)
			return p.watch(9, session.Needs{Waker: waker, Socket: -1, Done: done}, &i)
		},
	} {
		if err := come(session.Needs{Waker: waker, Socket: pair[0], Link: link}); err != nil {
			t.Fatal(name, err)
		}
		found := false
		for !found && p.readable(time.Minute) {
			found = slices.Contains(ready[:p.take(ready)], 9)
		}
		if !found {
			t.Errorf("%s: nothing was named", name)
		}
	}
}

func TestAHandleWhoseDeadlinesAreNeverReachedHasOneInLine(t *testing.T) {
	p := openPoller(t)
	waker, _ := unix.Eventfd(0, unix.EFD_NONBLOCK)
	defer unix.Close(waker)
	var i interest
	begun := time.Now()
	for n := range 1000 {
		needs := session.Needs{Waker: waker, Socket: -1, Until: begun.Add(time.Hour + time.Duration(n)*time.Second)}
		if err := p.watch(9, needs, &i); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.deadlines) != 1 {
		t.Errorf("%d deadlines", len(p.deadlines))
	}
	if err := p.watch(9, session.Needs{Waker: waker, Socket: -1, Until: begun.Add(time.Millisecond)}, &i); err != nil {
		t.Fatal(err)
	}
	ready := make([]uint64, 3)
	if !p.readable(time.Minute) || p.take(ready) != 1 || ready[0] != 9 {
		t.Errorf("%v: an earlier deadline", ready)
	}
}

func TestAClosedPollerTellsNothing(t *testing.T) {
	p := openPoller(t)
	p.enqueue(1)
	p.close()
	p.enqueue(2)
	if p.take(make([]uint64, 3)) != 0 || p.watch(3, session.Needs{Turn: true}, &interest{}) != nil {
		t.Error("a closed poller")
	}
}
