// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

// readAhead leaves the session to read ahead, and takes it again.
func (c *client) readAhead(room []byte) {
	c.Helper()
	if failure := c.s.Enter(); failure != nil {
		c.Fatal(failure)
	}
	c.s.ReadAhead(room)
	c.s.Leave()
	if failure := c.s.Enter(); failure != nil {
		c.Fatalf("the session is taken while it reads ahead: %v", failure)
	}
	c.s.Leave()
}

func TestWhatIsReadAheadComesInItsPlace(t *testing.T) {
	for name, room := range map[string][]byte{
		"without a room":              nil,
		"with one that is too small":  make([]byte, 100),
		"with one for a whole batch":  make([]byte, session.BatchRoom),
		"with one that was used once": bytes.Repeat([]byte{'.'}, session.BatchRoom),
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			result := c.run(longResult)
			rows := unpickle(t, result.Data).([]any)[1].([]any)
			for result.Flags&session.ResultMore != 0 {
				c.s.ReleaseBuffers()
				c.readAhead(room)
				result = c.fetch()
				rows = append(rows, unpickle(t, bytes.Clone(result.Data)).([]any)...)
			}
			if len(rows) != 200_000 {
				t.Errorf("%d rows", len(rows))
			}
			for i, row := range rows {
				if row.([]any)[0] != int64(i+1) {
					t.Fatalf("row %d is %v", i, row)
				}
			}
		})
	}
}

func TestABatchThatIsReadAheadIsDroppedForTheNextStatement(t *testing.T) {
	c := open(t)
	room := make([]byte, session.BatchRoom)
	c.run("CREATE TABLE t (a)")
	for name, next := range map[string]func(){
		"a statement":   func() { c.run("INSERT INTO t VALUES (1)") },
		"many":          func() { c.many("INSERT INTO t VALUES (?)", []int64{1}); c.run("ROLLBACK") },
		"a question":    func() { c.rows("SELECT 1") },
		"a long result": func() { c.rows(longResult) },
		"nothing":       func() { c.run(" -- nothing") },
		"text": func() {
			result := c.run("SELECT 'text that is the result'")
			clear(room) // it is ours again
			if got := fmt.Sprint(unpickle(t, result.Data)); !strings.Contains(got, "text that is the result") {
				t.Errorf("the next result is %q", got)
			}
		},
		"a discard": func() {
			if failure := c.s.Discard(); failure != nil {
				t.Fatal(failure)
			}
			c.finish()
		},
	} {
		c.run(longResult)
		c.readAhead(room)
		c.fetch()
		c.readAhead(room)
		next()
		if failure := c.s.Fetch(nil); failure == nil || failure.Kind != fault.Programming {
			t.Errorf("%s: the dropped result goes on: %v", name, failure)
		}
		if got := c.rows("SELECT i FROM (" + longResult + ") LIMIT 3"); got != "1\n2\n3" {
			t.Errorf("%s: the next result is %q", name, got)
		}
	}
}

func TestACloseWhileAResultIsReadAheadRollsBack(t *testing.T) {
	database := freshDatabase()
	watcher := connect(t, testNode.Address(), database)
	watcher.run("CREATE TABLE t (a)")
	for range 5 {
		c := connect(t, testNode.Address(), database)
		c.run("BEGIN IMMEDIATE")
		c.run("INSERT INTO t VALUES (1)")
		c.run(longResult)
		c.readAhead(nil)
		c.s.Enter()
		c.s.Close()
		c.finish()
		c.s.Leave()
		if _, failure := connect(t, testNode.Address(), database, impatient).try("INSERT INTO t VALUES (2)"); failure != nil {
			t.Errorf("the lock is still held: %v", failure)
		}
	}
	if got := watcher.rows("SELECT sum(a) FROM t"); got != "10" {
		t.Errorf("the sum is %s", got)
	}
}

func TestCancelEndsAResultThatIsReadAhead(t *testing.T) {
	t.Cleanup(session.SetCancelPatience(hangGuard))
	c := open(t)
	for range 20 {
		c.run("BEGIN")
		c.run(longResult)
		c.s.Enter()
		c.s.ReadAhead(nil)
		c.s.Leave()
		c.s.Cancel() // while it reads, or before, or after
		c.s.Enter()
		c.s.Leave()
		failure := c.s.Fetch(nil)
		for result := (session.Result{Flags: session.ResultMore}); failure == nil && result.Flags&session.ResultMore != 0; {
			if result, failure = c.finish(); failure == nil && result.Flags&session.ResultMore != 0 {
				failure = c.s.Fetch(nil)
			}
		}
		wantKind(t, failure, fault.Interrupted, 9)
		c.wantTransaction(true)
		c.run("ROLLBACK")
	}
}

func TestAFaultThatIsReadAheadComesBehindTheRowsBefore(t *testing.T) {
	c := open(t)
	bad := strings.Replace(longResult, "'some text'", "CASE i WHEN 150000 THEN CAST(x'ff' AS TEXT) ELSE 'some text' END", 1)
	result, failure := c.try(bad)
	rows := result.Rows
	for failure == nil && result.Flags&session.ResultMore != 0 {
		c.s.ReleaseBuffers()
		c.readAhead(make([]byte, session.BatchRoom))
		if failure = c.s.Fetch(nil); failure == nil {
			result, failure = c.finish()
			rows += result.Rows
		}
	}
	wantKind(t, failure, fault.Data, 0)
	if rows != 149_999 {
		t.Errorf("%d rows before it", rows)
	}
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("after it: %s", got)
	}
}

func TestAFaultThatIsReadAheadIsInterruptedOnce(t *testing.T) {
	bad := binary.LittleEndian.AppendUint64(nil, 1)
	bad = append(bad, "x\x00\x00\x00\x00\x00\x00\x00"...)
	bad = binary.LittleEndian.AppendUint64(bad, uint64(wire.Text))
	bad = append(bad, "\xff\x00\x00\x00\x00\x00\x00\x00"...)
	bad = binary.LittleEndian.AppendUint64(bad, 0xeeeeeeeeeeeeeeee)
	for _, next := range []string{"fetch", "discard"} {
		s := serve(t, func(connection net.Conn, text string) {
			connection.Write(append(rowsMessage(true, make([]uint64, 1<<15)...), message(wire.ResponseRows, bad)...))
		})
		c := connect(t, s.address, "test")
		c.run("SELECT x")
		c.readAhead(nil)
		if next == "discard" {
			c.s.Discard()
		} else {
			c.s.Fetch(nil)
		}
		if _, failure := c.finish(); (failure != nil) != (next == "fetch") {
			t.Errorf("%s: %v", next, failure)
		}
		s.become(func(connection net.Conn, text string) { connection.Write(resultMessage()) })
		c.run("UPDATE t SET a = 1")
		if count := s.interrupts.Load(); count != 1 {
			t.Errorf("%s: %d times", next, count)
		}
	}
}

// The node may die, or talk nonsense, when nobody is inside who could be told: the transaction must not be gone in silence.
func TestWhatGoesWrongWhileReadingAheadIsToldToWhoComesNext(t *testing.T) {
	page := make([]uint64, 1<<15) // more than a first batch
	for name, test := range map[string]struct {
		last []byte
		want string
	}{
		"the connection ends":       {nil, "the server closed the connection"},
		"a failure":                 {failureMessage(10506, "leadership lost"), "lost its leadership"},
		"no protocol at all":        {bytes.Repeat([]byte{0xff}, 64), "promises an answer of 34359738360 bytes"},
		"another number of columns": {message(wire.ResponseRows, make([]byte, 16)), "another number of columns"},
		"an answer to something":    {resultMessage(), "type"},
	} {
		for _, next := range []string{"fetch", "discard", "statement"} {
			t.Run(fmt.Sprint(name, ", then ", next), func(t *testing.T) {
				s := serve(t, func(connection net.Conn, text string) {
					switch text {
					case "SELECT x":
						connection.Write(rowsMessage(true, page...))
						connection.Write(test.last)
						connection.Close()
					default:
						connection.Write(resultMessage())
					}
				})
				c := connect(t, s.address, "test")
				c.run("BEGIN")
				c.run("SELECT x")
				c.readAhead(nil)
				c.wantTransaction(true)
				var failure *fault.Error
				switch next {
				case "fetch":
					failure = c.s.Fetch(nil)
				case "discard":
					failure = c.s.Discard()
				case "statement":
					failure = c.begin("UPDATE t SET a = 1", session.Request{})
				}
				if failure == nil {
					_, failure = c.finish()
				}
				if failure == nil {
					t.Fatal("nobody is told")
				}
				if next == "fetch" && !strings.Contains(failure.Message, test.want) {
					t.Errorf("%q does not mention %q", failure.Message, test.want)
				}
				if !failure.TransactionLost {
					t.Errorf("%+v does not tell that the transaction is gone", failure)
				}
				c.wantTransaction(false)
			})
		}
	}
}
