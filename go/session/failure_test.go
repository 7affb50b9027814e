// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

// succeed answers any statement as a server does that runs it.
func succeed(connection net.Conn, text string) {
	if strings.HasPrefix(text, "SELECT") {
		connection.Write(rowsMessage(false, 1))
	} else {
		connection.Write(resultMessage())
	}
}

// What each failure means for the data: in an autocommit SELECT, in an autocommit write, in the text of BEGIN IMMEDIATE and
// a write, within a transaction, and at its COMMIT. The connection heals with the next statement whatever happened.
func TestTheFailureMatrix(t *testing.T) {
	const (
		read = iota
		write
		implicit
		within
		commit
	)
	type outcome struct {
		kind fault.Kind // 0: it succeeds, the second time that it is sent
		code int32
	}
	var again outcome
	hangUp := func(connection net.Conn) { connection.Close() }
	refuse := func(code uint64, text string) func(net.Conn) {
		return func(connection net.Conn) { connection.Write(failureMessage(code, text)) }
	}
	lost, doubt := outcome{fault.LeadershipLost, 0}, outcome{fault.AmbiguousCommit, 0}
	for name, test := range map[string]struct {
		fail func(net.Conn)
		want [5]outcome
	}{
		"the server hangs up": {hangUp, [5]outcome{again, doubt, again, lost, doubt}},
		"half an answer":      {func(c net.Conn) { c.Write(resultMessage()[:9]); c.Close() }, [5]outcome{again, doubt, again, lost, doubt}},
		"nonsense": {func(c net.Conn) { c.Write(message(99, make([]byte, 8))) },
			[5]outcome{{fault.Protocol, 0}, doubt, {fault.Protocol, 0}, lost, doubt}},
		"not the leader": {refuse(10250, "not leader"), [5]outcome{
			again, again, again, {fault.LeadershipLost, 10250}, {fault.LeadershipLost, 10250}}},
		"the read was ended": {refuse(10250, "the node ended what the connection read"), [5]outcome{
			again, again, again, {fault.LeadershipLost, 10250}, {fault.LeadershipLost, 10250}}},
		"the database was closed": {refuse(12, "no database opened"), [5]outcome{
			again, again, again, {fault.LeadershipLost, 12}, {fault.LeadershipLost, 12}}},
		"leadership lost": {refuse(10506, "leadership lost"), [5]outcome{
			again, {fault.AmbiguousCommit, 10506}, again, {fault.LeadershipLost, 10506}, {fault.AmbiguousCommit, 10506}}},
		"disk full": {refuse(10, "leader exec failed"), [5]outcome{
			{fault.SQLite, 10}, {fault.AmbiguousCommit, 10}, {fault.SQLite, 10}, {fault.LeadershipLost, 10}, {fault.AmbiguousCommit, 10}}},
		"the server steps down while it runs": {refuse(9, "interrupted"), [5]outcome{
			again, again, again, {fault.LeadershipLost, 12}, {fault.LeadershipLost, 12}}},
	} {
		for place, want := range test.want {
			t.Run(fmt.Sprint(name, place), func(t *testing.T) {
				var armed, deposed atomic.Bool
				fake := serve(t, func(connection net.Conn, text string) {
					switch {
					case armed.Swap(false):
						test.fail(connection)
						deposed.Store(name == "the server steps down while it runs")
					case text == "BEGIN" && deposed.Swap(false):
						connection.Write(failureMessage(12, "no database opened"))
					default:
						succeed(connection, text)
					}
				})
				c := connect(t, fake.address, "main")
				if place == within || place == commit {
					c.run("BEGIN")
				}
				armed.Store(true)
				text := [5]string{"SELECT 1", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "UPDATE t SET a = 1", "COMMIT"}[place]
				before := len(fake.seen())
				run := c.try
				if place == implicit {
					run = c.tryImplicit
				}
				_, failure := run(text)
				sent := 0
				for _, seen := range fake.seen()[before:] {
					if strings.HasSuffix(seen, text) {
						sent++
					}
				}
				if want == again {
					if failure != nil || sent != 2 {
						t.Errorf("sent %d times, then %v", sent, failure)
					}
				} else {
					wantKind(t, failure, want.kind, want.code)
					if sent != 1 {
						t.Errorf("sent %d times", sent)
					}
				}
				c.wantTransaction(want == again && place == implicit)
				if _, failure = c.try("SELECT 1"); failure != nil {
					t.Errorf("the connection does not heal: %v", failure)
				}
			})
		}
	}
}

func TestALostLeadershipTellsHowMuchWasToBeReplicated(t *testing.T) {
	fake := serve(t, func(connection net.Conn, text string) {
		connection.Write(failureMessage(wire.CodeLeadershipLost, "leadership lost 1.5 s after it began to replicate 40.0 MiB"))
	})
	_, failure := connect(t, fake.address, "main").try("INSERT INTO t VALUES (1)")
	const want = "the server lost its leadership 1.5 s after it began to replicate 40.0 MiB: the write may or may not have been committed"
	if failure == nil || !strings.Contains(failure.Message, want) {
		t.Errorf("got %v", failure)
	}
}

func TestOnlyWhatTheServerDidNotRunIsSentAgain(t *testing.T) {
	for _, refusal := range []struct {
		code    uint64
		message string
	}{{wire.CodeBusy, "checkpoint in progress"}, {wire.CodeBusyRecovery, "database is locked"}} {
		t.Run(refusal.message, func(t *testing.T) { sendsAgainAfter(t, refusal.code, refusal.message) })
	}
}

func sendsAgainAfter(t *testing.T, code uint64, message string) {
	var refusals atomic.Int32 // still to be given
	refusals.Store(3)
	fake := serve(t, func(connection net.Conn, text string) {
		switch {
		case text == "ROLLBACK":
			connection.Write(failureMessage(1, "cannot rollback - no transaction is active"))
		case refusals.Add(-1) >= 0:
			connection.Write(failureMessage(code, message))
		default:
			succeed(connection, text)
		}
	})
	c := connect(t, fake.address, "main")
	const text = "INSERT INTO t VALUES (1)"
	c.run(text)
	if got := fake.seen(); !slices.Equal(got, []string{text, text, text, text}) {
		t.Errorf("sent %q", got)
	}
	refusals.Store(3)
	before := len(fake.seen())
	if _, failure := c.tryImplicit(text); failure != nil {
		t.Fatal(failure)
	}
	joined := "BEGIN IMMEDIATE;\n" + text
	if got := fake.seen()[before:]; !slices.Equal(got, []string{joined, "ROLLBACK", joined, "ROLLBACK", joined, "ROLLBACK", joined}) {
		t.Errorf("sent %q", got)
	}
}

// When the connection goes behind a statement that has committed, nobody may be told that nothing was written.
func TestWhatFollowsACommitStaysAmbiguous(t *testing.T) {
	executed := 0
	fake := serve(t, func(connection net.Conn, text string) {
		switch {
		case text == "SELECT last_insert_rowid(), changes()":
			connection.Close()
		case text == "EXEC":
			switch executed++; executed {
			case 3:
				connection.Write(failureMessage(10250, "not leader"))
			case 5: // the next request cannot be sent
				connection.Write(resultMessage())
				connection.Close()
			default:
				connection.Write(resultMessage())
			}
		case strings.Contains(text, "?"):
			connection.Write(message(wire.ResponseStmt, make([]byte, 16)))
		case strings.HasSuffix(text, "RETURNING x"):
			connection.Write(rowsMessage(false, 1))
		default:
			succeed(connection, text)
		}
	})
	_, failure := connect(t, fake.address, "main").try("INSERT INTO t VALUES (1) RETURNING x")
	wantKind(t, failure, fault.AmbiguousCommit, 0)

	c := connect(t, fake.address, "main")
	if failure := c.s.ExecuteMany(manyRequest(c, "INSERT INTO t VALUES (?)", "", [][]int64{{1}, {2}, {3}})); failure != nil {
		t.Fatal(failure)
	}
	_, failure = c.finish()
	wantKind(t, failure, fault.AmbiguousCommit, 10250)
	if failure != nil && !strings.Contains(failure.Message, "first 2 rows were committed") {
		t.Errorf("%s", failure.Message)
	}
	c = connect(t, fake.address, "main")
	if failure := c.s.ExecuteMany(manyRequest(c, "INSERT INTO t VALUES (?)", "", [][]int64{{1}, {2}, {3}})); failure != nil {
		t.Fatal(failure)
	}
	_, failure = c.finish()
	wantKind(t, failure, fault.AmbiguousCommit, 0)
}

// A server that hung up before the write went out cannot have run it: there is no doubt, and it runs on the next connection.
func TestAWriteThatCouldNotBeSentDidNotHappen(t *testing.T) {
	var closed atomic.Bool
	hungUp := make(chan struct{})
	fake := serve(t, func(connection net.Conn, text string) {
		succeed(connection, text)
		if !closed.Swap(true) {
			connection.Close()
			close(hungUp)
		}
	})
	c := connect(t, fake.address, "main")
	c.run("SELECT 1")
	<-hungUp
	c.run("INSERT INTO t VALUES (1)")
	if got := fake.seen(); !slices.Equal(got, []string{"SELECT 1", "INSERT INTO t VALUES (1)"}) {
		t.Errorf("sent %q", got)
	}
}

// A query that kills its server must not kill one after the other.
func TestAQueryThatCostsTheConnectionTwiceIsNotSentAgain(t *testing.T) {
	fake := serve(t, func(connection net.Conn, text string) { connection.Close() })
	c := connect(t, fake.address, "main")
	_, failure := c.try("SELECT 1")
	wantKind(t, failure, fault.Connection, 0)
	_, failure = c.tryImplicit("INSERT INTO t VALUES (1)")
	wantKind(t, failure, fault.Connection, 0)
	if sent := len(fake.seen()); sent != 4 {
		t.Errorf("sent %d times", sent)
	}
}

func TestAnAnswerInPiecesIsPutTogether(t *testing.T) {
	fake := serve(t, func(connection net.Conn, text string) {
		go func() {
			for _, piece := range append(rowsMessage(true, 1, 2), rowsMessage(false, 3)...) {
				connection.Write([]byte{piece})
			}
		}()
	})
	c := connect(t, fake.address, "main")
	c.slice = 0
	if got := c.rows("SELECT x"); got != "1\n2\n3" {
		t.Errorf("rows %q", got)
	}
}

func TestAPageWithoutRowsThatNeverEndsIsAnError(t *testing.T) {
	fake := serve(t, func(connection net.Conn, text string) {
		for {
			if _, err := connection.Write(rowsMessage(true)); err != nil {
				return
			}
		}
	})
	c := connect(t, fake.address, "main")
	_, failure := c.try("SELECT x")
	wantKind(t, failure, fault.Protocol, 0)
	if !strings.Contains(failure.Message, "names of the columns") {
		t.Errorf("%s", failure.Message)
	}
}

func TestAHeaderThatPromisesTooMuchIsRefused(t *testing.T) {
	fake := serve(t, func(connection net.Conn, text string) {
		connection.Write([]byte{0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0}) // 32 GiB
		connection.Close()
	})
	_, failure := connect(t, fake.address, "main").try("SELECT x")
	wantKind(t, failure, fault.Protocol, 0)
	if !strings.Contains(failure.Message, "promises an answer of 34359738360 bytes") {
		t.Errorf("%s", failure.Message)
	}
}

func TestWithoutALeaderEveryServerIsNamed(t *testing.T) {
	wantNoLeader(t, leader.Options{
		Servers: []string{"@dqlitepy-nobody", "127.0.0.1:1"}, Database: "main", Group: link.NewGroup(0),
	}, "@dqlitepy-nobody: connect: connection refused", "127.0.0.1:1: connect: connection refused")
}

func TestTheSearchForALeaderCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, failure := session.Connect(ctx, leader.Options{Servers: []string{"@dqlitepy-nobody"}, Database: "main",
		Group: link.NewGroup(0), LeaderTimeout: hangGuard})
	wantKind(t, failure, fault.Interrupted, 9)
	for _, options := range []leader.Options{{Database: "main"}, {Servers: []string{"@x"}}, {Servers: []string{"@x\x00"}, Database: "main"}} {
		_, failure := session.Connect(context.Background(), options)
		wantKind(t, failure, fault.Programming, 0)
	}
}

func TestTheSearchGoesOnUntilAServerIsTheLeader(t *testing.T) {
	c := connect(t, testNode.Address(), freshDatabase(), func(o *leader.Options) {
		o.Servers = []string{"@dqlitepy-nobody", testNode.Address()}
	})
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("%s", got)
	}
}

// A client that is asked for the disk alone looks in the wrong place where it was memory.
func TestWhyAWriteFailed(t *testing.T) {
	const memory = "; the log of its node says whether that has to be started again)"
	for sent, told := range map[string]string{
		"leader exec failed: out of memory":               "(out of memory" + memory,
		"leader exec failed: io: out of memory":           "(out of memory" + memory,
		"leader exec failed":                              "(leader exec failed; is its disk full, or has it no memory left?)",
		"leader exec failed: io: no space left on device": "; is its disk full?)",
		"leader exec failed: io: short write":             "; is its disk full?)",
	} {
		var armed atomic.Bool
		fake := serve(t, func(connection net.Conn, text string) {
			if armed.Swap(false) {
				connection.Write(failureMessage(10, sent))
				return
			}
			succeed(connection, text)
		})
		c := connect(t, fake.address, "main")
		armed.Store(true)
		if _, failure := c.try("INSERT INTO t VALUES (1)"); failure == nil || !strings.Contains(failure.Message, told) {
			t.Errorf("%q: %v", sent, failure)
		}
	}
}
