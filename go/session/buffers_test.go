// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net"
	"testing"
	"time"

	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
)

// Sessions that are closed one after the other share a collection, and it comes after the last of them.
func TestManySmallLegaciesAreCollectedOnce(t *testing.T) {
	freed := make(chan struct{}, 100)
	e := estate{free: func() { freed <- struct{}{} }}
	for range 1000 {
		e.add(link.ReadSize)
	}
	select {
	case <-freed:
	case <-time.After(time.Minute):
		t.Fatal("nothing was given back")
	}
	if e.bytes.Load() != 0 || len(freed) > 0 {
		t.Errorf("%d bytes, %d collections", e.bytes.Load(), len(freed))
	}
	e.add(link.ReadSize)
	if e.coming.Load() {
		t.Error("a single one is not worth it")
	}
	for range 1000 {
		e.add(link.ReadSize)
	}
	<-freed
}

func TestASessionLeavesItsBuffers(t *testing.T) {
	before := left.bytes.Load()
	w, err := link.NewWaker()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	l, err := link.New(connection, nil, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Waker = w
	l.Queue(func(buffer []byte) []byte { return append(buffer, make([]byte, 100)...) })
	if _, err := l.Receive(time.Time{}); err != link.ErrSliceEnded {
		t.Fatal(err)
	}
	s := newSession(leader.Options{Group: link.NewGroup(0)}, w, l)
	s.pickled = make([]byte, 1000)
	held := l.Held()
	s.Destroy()
	if gained := left.bytes.Load() - before; held <= link.ReadSize || gained != int64(held+1000+sessionSize) {
		t.Errorf("%d bytes", gained)
	}
}
