// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

// once answers the n-th statement that contains a text by fail, everything else well.
func once(text string, n int32, fail func(net.Conn)) func(net.Conn, string) {
	var count atomic.Int32
	return func(connection net.Conn, statement string) {
		switch {
		case strings.Contains(statement, text) && count.Add(1) == n:
			fail(connection)
		case strings.Contains(statement, "?"):
			connection.Write(message(wire.ResponseStmt, make([]byte, 16)))
		case strings.HasPrefix(statement, "PRAGMA"):
			connection.Write(rowsMessage(false))
		default:
			succeed(connection, statement)
		}
	}
}

func hangUp(connection net.Conn) { connection.Close() }

func notLeader(connection net.Conn) { connection.Write(failureMessage(10250, "not leader")) }

func TestSettingsAreMadeAgainOnTheNextConnection(t *testing.T) {
	fake := serve(t, once("SELECT", 1, hangUp))
	c := connect(t, fake.address, "main")
	for _, text := range []string{"PRAGMA foreign_keys = 0", "PRAGMA cache_size = 7", "PRAGMA user_version = 3", "PRAGMA foreign_keys = 1"} {
		c.run(text)
	}
	before := len(fake.seen())
	c.run("SELECT 1")
	want := []string{"SELECT 1", "PRAGMA cache_size = 7", "PRAGMA foreign_keys = 1", "SELECT 1"}
	if got := fake.seen()[before:]; !slices.Equal(got, want) {
		t.Errorf("sent %q", got)
	}
}

// Where something is gone that nobody can make again, the statement must not run as if it were there.
func TestTemporaryTablesAreMissedOnce(t *testing.T) {
	for name, fail := range map[string]func(net.Conn){"hangs up": hangUp, "not the leader": notLeader} {
		fake := serve(t, once("SELECT", 1, fail))
		c := connect(t, fake.address, "main")
		c.run("CREATE TEMP TABLE t (a)")
		_, failure := c.try("SELECT 1")
		if failure == nil || failure.Broken || !strings.Contains(failure.Message, "temporary tables") {
			t.Errorf("%s: %v", name, failure)
		}
		if sent := len(fake.seen()); sent != 2 {
			t.Errorf("%s: sent %q", name, fake.seen())
		}
		c.run("SELECT 1")
	}
}

// Nor the next one, where the loss itself was told already.
func TestTemporaryTablesAreMissedAfterALossToo(t *testing.T) {
	fake := serve(t, once("INSERT", 1, hangUp))
	c := connect(t, fake.address, "main")
	c.run("CREATE TEMP TABLE t (a)")
	_, failure := c.try("INSERT INTO u VALUES (1)")
	wantKind(t, failure, fault.AmbiguousCommit, 0)
	_, failure = c.try("INSERT INTO t VALUES (1)")
	if failure == nil || failure.Kind != fault.Connection || !strings.Contains(failure.Message, "temporary tables") {
		t.Errorf("%v", failure)
	}
	c.run("INSERT INTO t VALUES (2)")
	if got := strings.Join(fake.seen(), ";"); got != "CREATE TEMP TABLE t (a);INSERT INTO u VALUES (1);INSERT INTO t VALUES (2)" {
		t.Errorf("sent %q", got)
	}
}

// An executemany runs again as a whole where it began its transaction itself, and never where rows have committed.
func TestWhenAnExecutemanyRunsAgain(t *testing.T) {
	for name, test := range map[string]struct {
		begin   string
		inside  bool
		fail    func(net.Conn)
		at      int32
		kind    fault.Kind
		changes int64 // of rows that the fake server answers for with 0 changes each
		sent    int   // rows
	}{
		"its own transaction, hung up":      {"BEGIN IMMEDIATE", false, hangUp, 2, 0, 0, 2 + 3},
		"its own transaction, not leader":   {"BEGIN IMMEDIATE", false, notLeader, 3, 0, 0, 3 + 3},
		"the caller's transaction, hung up": {"BEGIN IMMEDIATE", true, hangUp, 2, fault.LeadershipLost, 0, 2},
		"autocommit, the first row":         {"", false, notLeader, 1, 0, 0, 1 + 3},
		"autocommit, the second row":        {"", false, notLeader, 2, fault.AmbiguousCommit, 0, 2},
		"autocommit, hung up":               {"", false, hangUp, 1, fault.AmbiguousCommit, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			fake := serve(t, once("EXEC", test.at, test.fail))
			c := connect(t, fake.address, "main")
			if test.inside {
				c.run("BEGIN")
			}
			rows := [][]int64{{1}, {2}, {3}}
			if failure := c.s.ExecuteMany(manyRequest(c, "UPDATE t SET a = 1 WHERE b = ?", test.begin, rows)); failure != nil {
				t.Fatal(failure)
			}
			_, failure := c.finish()
			if test.kind == 0 && failure != nil || test.kind != 0 && (failure == nil || failure.Kind != test.kind) {
				t.Errorf("failed with %v", failure)
			}
			sent := 0
			for _, text := range fake.seen() {
				if text == "EXEC" {
					sent++
				}
			}
			if sent != test.sent {
				t.Errorf("%d rows were sent: %q", sent, fake.seen())
			}
			c.wantTransaction(test.kind == 0 && test.begin != "")
		})
	}
}

// Rows that were handed out must not come a second time.
func TestAResultOfWhichRowsWereHandedOutIsNotBegunAgain(t *testing.T) {
	numbers := make([]uint64, 100_000)
	fake := serve(t, func(connection net.Conn, text string) {
		go func() {
			connection.Write(rowsMessage(true, numbers...))
			connection.Write(rowsMessage(true, numbers...))
			connection.Close()
		}()
	})
	c := connect(t, fake.address, "main")
	result := c.run("SELECT x")
	var failure *fault.Error
	for result.Flags&session.ResultMore != 0 && failure == nil {
		if failure = c.s.Fetch(nil); failure == nil {
			result, failure = c.finish()
		}
	}
	wantKind(t, failure, fault.Connection, 0)
	if sent := len(fake.seen()); sent != 1 {
		t.Errorf("sent %d times", sent)
	}
}

// On the node of this process, a connection that was lost is made again at once; a node that is closed ends it.
func TestTheEmbeddedNodeIsFoundAgain(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a)")
	if failure := c.begin("INSERT INTO t "+endless, session.Request{}); failure != nil {
		t.Fatal(failure)
	}
	c.s.Continue(0)
	c.s.Cancel()
	_, failure := c.finish()
	wantKind(t, failure, fault.AmbiguousCommit, 9)
	c.run("INSERT INTO t VALUES (1)")
	c.group.Close()
	_, failure = c.try("SELECT 1")
	wantKind(t, failure, fault.Connection, 0)
	if failure != nil && !failure.Broken {
		t.Error("the connection is not broken")
	}
}
