// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"
	"time"
)

// Sessions that are closed one after the other share a collection, and it comes after the last of them.
func TestManySmallLegaciesAreCollectedOnce(t *testing.T) {
	freed := make(chan struct{}, 100)
	e := estate{free: func() { freed <- struct{}{} }}
	for range 1000 {
		e.add(readSize)
	}
	select {
	case <-freed:
	case <-time.After(time.Minute):
		t.Fatal("nothing was given back")
	}
	if e.bytes.Load() != 0 || len(freed) > 0 {
		t.Errorf("%d bytes, %d collections", e.bytes.Load(), len(freed))
	}
	e.add(readSize)
	if e.coming.Load() {
		t.Error("a single one is not worth it")
	}
	for range 1000 {
		e.add(readSize)
	}
	<-freed
}

func TestASessionLeavesItsBuffers(t *testing.T) {
	before := left.bytes.Load()
	w, err := newWaker()
	if err != nil {
		t.Fatal(err)
	}
	_, _, fds := pair(t)
	l := &link{fd: int(fds[1].Fd), waker: w, in: make([]byte, 0, readSize), out: make([]byte, 0, 100)}
	s := newSession(Options{Group: NewGroup(0)}, w, l)
	s.pickled = make([]byte, 1000)
	s.Destroy()
	if gained := left.bytes.Load() - before; gained != readSize+100+1000+sessionSize {
		t.Errorf("%d bytes", gained)
	}
}
