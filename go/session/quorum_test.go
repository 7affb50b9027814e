// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/session"
)

// clusterOf makes servers that follow the first of them, and know each other and the other addresses as voters.
func clusterOf(t *testing.T, count int, others ...string) []*server {
	t.Helper()
	servers, addresses := make([]*server, count), others
	for i := range servers {
		servers[i] = serve(t, succeed)
		addresses = append(addresses, servers[i].address)
	}
	for i, s := range servers {
		s.members.Store(&addresses)
		if i > 0 {
			s.follow(servers[0].address)
		}
	}
	return servers
}

func (c *client) read(linearizable bool) *fault.Error {
	c.Helper()
	if failure := c.begin("SELECT 1", session.Request{Linearizable: linearizable}); failure != nil {
		return failure
	}
	_, failure := c.finish()
	return failure
}

func TestALinearizableReadNeedsAMajority(t *testing.T) {
	nobody := "127.0.0.1:1"
	for name, test := range map[string]struct {
		servers int
		others  []string
		good    bool
	}{
		"one of one":               {1, nil, true},
		"three of three":           {3, nil, true},
		"two of three, one dead":   {2, []string{nobody}, true},
		"two of three, one stalls": {2, []string{stall(t)}, true},
		"one of two":               {1, []string{nobody}, false},
		"two of four":              {2, []string{nobody, stall(t)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			servers := clusterOf(t, test.servers, test.others...)
			c := connect(t, "", "main", among(servers[0].address), func(options *leader.Options) {
				if !test.good {
					options.LeaderTimeout = time.Second
				}
			})
			for range 3 { // also over the connections of the first time
				failure := c.read(true)
				if test.good && failure != nil {
					t.Error(failure)
				} else if !test.good {
					wantKind(t, failure, fault.NoLeader, 0)
				}
			}
			if sent := len(servers[0].seen()); sent > 0 != test.good {
				t.Errorf("sent %d times", sent)
			}
			if failure := c.read(false); failure != nil {
				t.Errorf("a read that need not be linearizable: %v", failure)
			}
		})
	}
}

// A leader that the others have replaced does not know it yet, and answers.
func TestALinearizableReadIsNotAnsweredByALeaderThatIsNoneAnyMore(t *testing.T) {
	servers := clusterOf(t, 3)
	old, next, third := servers[0], servers[1], servers[2]
	c := connect(t, "", "main", among(old.address, next.address, third.address))
	if failure := c.read(true); failure != nil {
		t.Fatal(failure)
	}
	third.follow(next.address)
	next.leader.Store(nil)
	before := len(old.seen())
	if failure := c.read(false); failure != nil || len(old.seen()) != before+1 {
		t.Fatalf("an ordinary read: %v, %q", failure, old.seen())
	}
	asked := 0
	old.become(func(connection net.Conn, text string) { asked++; succeed(connection, text) })
	if failure := c.read(true); failure != nil {
		t.Error(failure)
	}
	if asked != 0 || !strings.Contains(strings.Join(next.seen(), ";"), "SELECT 1") {
		t.Errorf("the old leader was asked %d times, the new one %q", asked, next.seen())
	}
}

func TestALinearizableReadOnTheEmbeddedNode(t *testing.T) {
	c := open(t)
	for range 2 {
		if failure := c.read(true); failure != nil {
			t.Error(failure)
		}
	}
	c.run("BEGIN IMMEDIATE")
	if failure := c.read(true); failure != nil {
		t.Error(failure)
	}
	c.wantTransaction(true)
}
