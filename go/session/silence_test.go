// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
)

// A leader that is suspended says nothing for ever; the others replace it.
func TestASilentServerIsLeftWhenTheOthersFollowAnotherOne(t *testing.T) {
	t.Cleanup(session.SetLongSilence(20 * time.Millisecond))
	for text, kind := range map[string]fault.Kind{"SELECT 1": 0, "INSERT INTO t VALUES (1)": fault.AmbiguousCommit} {
		for _, slice := range []time.Duration{10 * time.Millisecond, 0} { // a thread that waits, and an event loop
			leavesASilentServer(t, text, kind, slice)
		}
	}
}

func leavesASilentServer(t *testing.T, text string, kind fault.Kind, slice time.Duration) {
	t.Helper()
	servers := clusterOf(t, 3)
	old, next, third := servers[0], servers[1], servers[2]
	c := connect(t, "", "main", among(old.address, next.address, third.address))
	c.slice = slice
	old.become(func(net.Conn, string) {
		third.follow(next.address)
		next.leader.Store(nil)
		old.follow("") // what it would not say either
	})
	_, failure := c.try(text)
	if kind == 0 && failure != nil || kind != 0 && (failure == nil || failure.Kind != kind) {
		t.Errorf("%s, slices of %v: %v", text, slice, failure)
	}
	c.run("SELECT 2")
	if seen := next.seen(); seen[len(seen)-1] != "SELECT 2" {
		t.Errorf("%s, slices of %v: the new leader got %q", text, slice, seen)
	}
}

func TestASilentServerThatTheOthersFollowIsWaitedFor(t *testing.T) {
	t.Cleanup(session.SetLongSilence(time.Millisecond))
	servers := clusterOf(t, 3)
	c := connect(t, "", "main", among(servers[0].address, servers[1].address, servers[2].address))
	c.slice = time.Millisecond
	servers[0].become(func(connection net.Conn, text string) {
		time.Sleep(300 * time.Millisecond) // many questions long
		succeed(connection, text)
	})
	c.run("INSERT INTO t VALUES (1)")
	servers[1].follow(servers[2].address) // one alone who thinks otherwise
	c.run("INSERT INTO t VALUES (2)")
}
