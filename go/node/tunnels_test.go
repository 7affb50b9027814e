// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// watchedPair returns what raft gets of a connection, its duplicate as go-dqlite takes it, and the other end.
func watchedPair(t *testing.T, tunnels *tunnels) (duplicate *os.File, other net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	connection, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if other, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	seen, err := tunnels.watch(connection.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	if duplicate, err = seen.(watched).File(); err != nil {
		t.Fatal(err)
	}
	duplicate.Fd() // makes all duplicates block
	seen.Close()
	t.Cleanup(func() { duplicate.Close(); other.Close() })
	return duplicate, other
}

func ended(t *testing.T, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { work(); close(done) }()
	select {
	case <-done:
	case <-time.After(hang):
		t.Fatal("hangs")
	}
}

func TestNothingIsWrittenToAPeerThatIsGone(t *testing.T) {
	tunnels := newTunnels(logger{})
	duplicate, other := watchedPair(t, tunnels)
	if _, err := duplicate.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if _, err := other.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
	other.Close()
	ended(t, tunnels.wait.Wait)
	if _, err := duplicate.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a message to nobody: %v", err)
	}
}

func TestAWatchedConnectionKeepsNobodyFromStopping(t *testing.T) {
	tunnels := newTunnels(logger{})
	watchedPair(t, tunnels)
	ended(t, tunnels.close)
}

func TestOldRecordsMakeRoom(t *testing.T) {
	r := newRing(2)
	for _, message := range []string{"first", "second", "third"} {
		r.add(Record{Level: Info, Message: message})
	}
	taken := r.take(0)
	if len(taken) != 3 || taken[0].Message != "1 older messages were dropped: nobody read them" || taken[2].Message != "third" {
		t.Errorf("%+v", taken)
	}
	if taken := r.take(0); taken != nil {
		t.Errorf("%+v", taken)
	}
}
