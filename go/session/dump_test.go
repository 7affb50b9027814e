// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

func dumpOptions(t *testing.T, server, database string) leader.Options {
	t.Helper()
	group := link.NewGroup(hangGuard)
	t.Cleanup(group.Close)
	return leader.Options{
		Servers: []string{server}, Database: database, Local: true, Group: group,
		BusyTimeout: hangGuard, LeaderTimeout: hangGuard,
	}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hangGuard)
	t.Cleanup(cancel)
	return ctx
}

// readDump reads a copy to its end.
func readDump(t *testing.T, dump *session.Dump) ([]byte, *fault.Error) {
	t.Helper()
	var whole []byte
	for {
		piece, failure := dump.Next(bounded(t))
		if failure != nil || len(piece) == 0 {
			return whole, failure
		}
		whole = append(whole, piece...)
	}
}

func TestACopyIsWhole(t *testing.T) {
	database := freshDatabase()
	c := connect(t, testNode.Address(), database)
	c.run("CREATE TABLE t (a)")
	c.run("WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) INSERT INTO t SELECT randomblob(4000) FROM n")
	for _, anyServer := range []bool{false, true} {
		dump, failure := session.OpenDump(bounded(t), dumpOptions(t, testNode.Address(), database), anyServer)
		if failure != nil {
			t.Fatal(failure)
		}
		whole, failure := readDump(t, dump)
		dump.Close()
		if failure != nil || uint64(len(whole)) != dump.Size() || len(whole) < 4_000_000 || len(whole)%4096 != 0 {
			t.Fatalf("%d bytes of %d: %v", len(whole), dump.Size(), failure)
		}
		if !strings.HasPrefix(string(whole), "SQLite format 3\x00") {
			t.Errorf("begins with %q", whole[:16])
		}
		if pages := binary.BigEndian.Uint32(whole[28:]); int(pages) != len(whole)/4096 {
			t.Errorf("%d pages in %d bytes", pages, len(whole))
		}
	}
}

func TestACopyThatIsGivenUpLeavesTheNodeWell(t *testing.T) {
	database := freshDatabase()
	c := connect(t, testNode.Address(), database)
	c.run("CREATE TABLE t (a)")
	c.run("INSERT INTO t VALUES (zeroblob(30000000))") // more than the socket's buffers hold
	dump, failure := session.OpenDump(bounded(t), dumpOptions(t, testNode.Address(), database), false)
	if failure != nil {
		t.Fatal(failure)
	}
	if _, failure := dump.Next(bounded(t)); failure != nil {
		t.Fatal(failure)
	}
	dump.Close()
	c.run("DELETE FROM t")
}

func TestAnUnknownDatabaseIsSaidToBeUnknown(t *testing.T) {
	_, failure := session.OpenDump(bounded(t), dumpOptions(t, testNode.Address(), "nobody has made it"), true)
	wantKind(t, failure, fault.SQLite, 14)
	if !strings.Contains(failure.Message, "'nobody has made it'") {
		t.Error(failure)
	}
}

// filesMessage is an answer to DUMP.
func filesMessage(files ...[]byte) []byte {
	body := binary.LittleEndian.AppendUint64(nil, uint64(len(files)))
	for _, file := range files {
		body = append(body, "test\x00\x00\x00\x00"...)
		body = binary.LittleEndian.AppendUint64(body, uint64(len(file)))
		body = append(body, file...)
	}
	return message(wire.ResponseFiles, body)
}

// sizeMessage is the answer to the question for the size of the database.
func sizeMessage(size uint64) []byte { return rowsMessage(false, size) }

func TestServersThatFailInACopy(t *testing.T) {
	page := make([]byte, 4096)
	cases := map[string]struct {
		answer func(connection net.Conn)
		opens  bool // the failure comes only with a piece
		kind   fault.Kind
		text   string
	}{
		"closes the connection at once":  {func(c net.Conn) { c.Close() }, false, fault.Connection, "closed the connection"},
		"closes it within the copy":      {func(c net.Conn) { c.Write(filesMessage(page, nil)[:2000]); c.Close() }, true, fault.Connection, "is not a whole database; begin again"},
		"sends something else":           {func(c net.Conn) { c.Write(resultMessage()) }, false, fault.Protocol, "type 6 where 9 was due"},
		"sends no file":                  {func(c net.Conn) { c.Write(filesMessage()) }, false, fault.Protocol, "contains no file"},
		"sends a WAL":                    {func(c net.Conn) { c.Write(filesMessage(page, page)) }, true, fault.Connection, "dqlite before 1.18"},
		"refuses":                        {func(c net.Conn) { c.Write(failureMessage(7, "no memory")) }, false, fault.SQLite, "no memory"},
		"refuses without an end":         {func(c net.Conn) { c.Write([]byte{255, 255, 255, 255, 0, 0, 0, 0}); c.Close() }, false, fault.Protocol, ""},
		"says that it has no such thing": {func(c net.Conn) { c.Write(failureMessage(wire.CodeNoSuchDatabase, "x")) }, false, fault.SQLite, "no database 'test'"},
		"promises more than it can count": {func(c net.Conn) {
			c.Write([]byte("\xff\xff\xff\xff\x09\x00\x00\x00"))
			c.Write(make([]byte, 8))
			c.Close()
		}, false, fault.Protocol, ""},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(connection net.Conn, text string) {
				if strings.HasPrefix(text, "DUMP") {
					test.answer(connection)
				} else {
					connection.Write(sizeMessage(8192))
				}
			})
			dump, failure := session.OpenDump(bounded(t), dumpOptions(t, server.address, "test"), false)
			if test.opens {
				if failure != nil {
					t.Fatal(failure)
				}
				_, failure = readDump(t, dump)
				dump.Close()
			}
			if failure == nil || failure.Kind != test.kind || !strings.Contains(failure.Message, test.text) {
				t.Errorf("%+v", failure)
			}
		})
	}
}

func TestACopyThatIsTooLargeIsNotAskedFor(t *testing.T) {
	server := serve(t, func(connection net.Conn, text string) { connection.Write(sizeMessage(3 << 30)) })
	_, failure := session.OpenDump(bounded(t), dumpOptions(t, server.address, "test"), false)
	wantKind(t, failure, fault.NotSupported, 0)
	if slices.Contains(server.seen(), "DUMP test") {
		t.Error("it was")
	}
}

func TestACopyWaitsForACheckpoint(t *testing.T) {
	attempts := map[string]int{}
	server := serve(t, func(connection net.Conn, text string) {
		attempts[text]++
		switch {
		case attempts[text] < 4:
			connection.Write(failureMessage(wire.CodeBusy, "whatever it says"))
		case text == "DUMP test":
			connection.Write(filesMessage(make([]byte, 4096), nil))
		default:
			connection.Write(sizeMessage(4096))
		}
	})
	dump, failure := session.OpenDump(bounded(t), dumpOptions(t, server.address, "test"), false)
	if failure != nil {
		t.Fatal(failure)
	}
	defer dump.Close()
	if whole, failure := readDump(t, dump); failure != nil || len(whole) != 4096 {
		t.Errorf("%d bytes: %v", len(whole), failure)
	}
}

func TestACopyThatStallsCanBeCancelled(t *testing.T) {
	server := serve(t, func(connection net.Conn, text string) {
		if text == "DUMP test" {
			connection.Write(filesMessage(make([]byte, 1<<21), nil)[:1<<20])
		} else {
			connection.Write(sizeMessage(1 << 21))
		}
	})
	dump, failure := session.OpenDump(bounded(t), dumpOptions(t, server.address, "test"), false)
	if failure != nil {
		t.Fatal(failure)
	}
	defer dump.Close()
	ctx, cancel := context.WithCancel(bounded(t))
	time.AfterFunc(10*time.Millisecond, cancel)
	_, failure = dump.Next(ctx)
	wantKind(t, failure, fault.Interrupted, 9)
}
