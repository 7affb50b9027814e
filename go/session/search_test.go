// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
)

func among(servers ...string) connectOption {
	return func(options *leader.Options) { options.Servers, options.Local = servers, false }
}

// stall is the address of a server that accepts connections and says nothing.
func stall(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestServersThatStallHoldUpNobody(t *testing.T) {
	t.Cleanup(session.SetAttemptTimeout(10 * hangGuard)) // an attempt at one of them does not end before the search does
	leader := serve(t, succeed)
	c := connect(t, "", "main", among(stall(t), stall(t), stall(t), leader.address))
	c.run("INSERT INTO t VALUES (1)")
}

func TestTheLeaderThatAServerNamesIsAskedAtOnce(t *testing.T) {
	leader, follower := serve(t, succeed), serve(t, succeed)
	follower.follow(leader.address)
	c := connect(t, "", "main", among(stall(t), follower.address)) // leader is none of those that were given
	c.run("INSERT INTO t VALUES (1)")
	if seen := leader.seen(); len(seen) != 1 || len(follower.seen()) != 0 {
		t.Errorf("the leader got %q", seen)
	}
}

func TestEachServerIsNamedWithItsReason(t *testing.T) {
	ignorant, misled := serve(t, succeed), serve(t, succeed)
	ignorant.follow("")
	misled.follow("127.0.0.1:1")
	silent := stall(t)
	wantNoLeader(t, leader.Options{
		Servers: []string{silent, ignorant.address, misled.address, "nonsense"}, Database: "main", Group: link.NewGroup(0),
	},
		silent+": it did not answer in time", ignorant.address+": it knows no leader",
		misled.address+": it names 127.0.0.1:1 as the leader", "127.0.0.1:1: connect: connection refused",
		"nonsense: missing port in address", "majority")
}

func TestWhatWaitingCannotCureIsNotWaitedFor(t *testing.T) {
	_, failure := session.Connect(context.Background(), leader.Options{
		Servers: []string{"nonsense", "more"}, Database: "main", Group: link.NewGroup(0), LeaderTimeout: 10 * hangGuard})
	wantKind(t, failure, fault.NoLeader, 0)
}

// A connection goes on with the new leader, which is first looked for where the last one was, then everywhere.
func TestAConnectionFollowsTheLeader(t *testing.T) {
	first, second := serve(t, succeed), serve(t, succeed)
	second.follow(first.address)
	c := connect(t, "", "main", among(first.address, second.address))
	c.run("INSERT INTO t VALUES (1)")
	first.become(func(connection net.Conn, text string) {
		first.follow(second.address)
		second.leader.Store(nil)
		connection.Write(failureMessage(10250, "not leader"))
	})
	c.run("INSERT INTO t VALUES (2)")
	c.run("INSERT INTO t VALUES (3)")
	if got := strings.Join(second.seen(), ";"); got != "INSERT INTO t VALUES (2);INSERT INTO t VALUES (3)" {
		t.Errorf("the new leader got %q", got)
	}
}

func TestWithoutANewLeaderTheStatementSaysSo(t *testing.T) {
	only := serve(t, succeed)
	c := connect(t, "", "main", among(only.address), func(options *leader.Options) { options.LeaderTimeout = 2 * time.Second })
	only.become(func(connection net.Conn, text string) {
		only.follow("")
		connection.Write(failureMessage(10250, "not leader"))
	})
	_, failure := c.try("INSERT INTO t VALUES (1)")
	wantKind(t, failure, fault.NoLeader, 0)
	_, failure = c.try("SELECT 1")
	wantKind(t, failure, fault.NoLeader, 0)
	only.become(succeed)
	only.leader.Store(nil)
	for end := time.Now().Add(hangGuard); ; {
		_, failure = c.try("INSERT INTO t VALUES (2)")
		if failure == nil || failure.Kind != fault.NoLeader || time.Now().After(end) { // a busy machine may need more time
			break
		}
	}
	if failure != nil {
		t.Error(failure)
	}
}

func TestTheSearchForANewLeaderCanBeCancelled(t *testing.T) {
	only := serve(t, succeed)
	c := connect(t, "", "main", among(only.address))
	only.become(func(connection net.Conn, text string) {
		only.follow("")
		connection.Write(failureMessage(10250, "not leader"))
	})
	if failure := c.begin("SELECT 1", session.Request{}); failure != nil {
		t.Fatal(failure)
	}
	for len(only.seen()) == 0 || only.leader.Load() == nil {
		c.s.Continue(10 * time.Millisecond)
	}
	c.s.Cancel()
	_, failure := c.finish()
	wantKind(t, failure, fault.Interrupted, 9)
}
