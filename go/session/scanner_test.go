// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"net"
	"testing"

	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// rawConnection speaks the protocol without a session around it.
type rawConnection struct {
	*testing.T
	net.Conn
}

func dialRaw(t *testing.T) *rawConnection {
	t.Helper()
	connection, err := net.Dial("unix", testNode.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	connection.Write(wire.AppendHandshake(nil))
	return &rawConnection{t, connection}
}

func (c *rawConnection) ask(request []byte) wire.Frame {
	c.Helper()
	if _, err := c.Write(request); err != nil {
		c.Fatal(err)
	}
	frame, err := readFrame(c)
	if err != nil {
		c.Fatal(err)
	}
	return frame
}

// The scanner is held to SQLite itself: what PREPARE says of a statement, it must have said before.
func TestTheScannerAgreesWithSQLite(t *testing.T) {
	c := dialRaw(t)
	if frame := c.ask(wire.AppendOpen(nil, freshDatabase(), 0, 0)); frame.Type != wire.ResponseDB {
		t.Fatalf("OPEN was answered with %d", frame.Type)
	}
	setup := wire.AppendExecSQL(nil, "CREATE TABLE t (a, b, [returning], \"x;y\")", nil)
	if frame := c.ask(setup); frame.Type != wire.ResponseResult {
		t.Fatalf("CREATE was answered with %d", frame.Type)
	}
	for _, text := range []string{
		"SELECT 1", "SELECT 1;", "SELECT 1 ; -- x", "SELECT 1; SELECT 2", "SELECT ';', \"x;y\" FROM t", "SELECT [x;y], `a` FROM t",
		"SELECT /* ; ? */ ? -- ;?\n, ?", "SELECT ?5, ?, :a, @a, $a, :a, ?2", "SELECT $a::b(c d)", "SELECT $a::b(c)", "SELECT :é", "SELECT :1a",
		"SELECT ?32766", "SELECT '''?', \"a\"\"?\" FROM t", "SELECT x'00', X'0f', 1e5, 1.e-5, .5e+3, 0x1F, 1_000", "SELECT 1--2", "SELECT a->>'$.?' FROM t",
		"SELECT 1e+?", "SELECT - - 1", "SELECT 'unterminated ; ?", "/* only */", "", ";;", "SELECT 1 /* unterminated ; ?",
		"WITH x AS (SELECT ?) SELECT * FROM x", "WITH x(i) AS MATERIALIZED (VALUES (1)), y AS NOT MATERIALIZED (SELECT 2) SELECT * FROM x, y WHERE i = ?",
		"WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 2, 3, 4 FROM x", "WITH x AS (SELECT 1) DELETE FROM t RETURNING a", "WITH replace AS (SELECT 1) SELECT * FROM replace",
		"INSERT INTO t VALUES (1, 2, 3, 4)", "INSERT INTO t VALUES (?, ?, ?, ?) RETURNING \"x;y\"", "INSERT INTO t([returning]) SELECT [returning] FROM t",
		"UPDATE t SET a = 'RETURNING'", "UPDATE t SET [returning] = 1 RETURNING *", "DELETE FROM t WHERE a IN (SELECT [returning] FROM t)",
		"REPLACE INTO t(a) VALUES (:x), (:y), (:x)", "INSERT INTO t(a) VALUES (1) ON CONFLICT DO UPDATE SET a = ? RETURNING b",
		"EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN DELETE FROM t", "PRAGMA table_info(t)", "VALUES (1, ?), (2, ?)", "CREATE TABLE u AS SELECT 1; SELECT 1",
		"CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t WHERE a = ';'; END", "BEGIN; COMMIT", "BEGIN IMMEDIATE",
		"CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END; SELECT 1", "CREATE VIEW v AS SELECT 1", "SAVEPOINT 'a;b'", "RELEASE SAVEPOINT \"a;b\"",
		"DROP TABLE t", "ALTER TABLE t ADD c", "VACUUM", "ANALYZE", "REINDEX", "ATTACH '' AS x",
	} {
		ours, err := sql.Parse(text)
		frame := c.ask(wire.AppendPrepare(nil, text))
		if frame.Type == wire.ResponseFailure {
			failure, err := wire.DecodeFailure(frame)
			if err != nil {
				t.Fatal(err)
			}
			switch failure.Message {
			case "nonempty statement tail":
				if ours == nil || !ours.Multiple {
					t.Errorf("%q: the server sees a second statement", text)
				}
			case "empty statement":
				if ours == nil || !ours.Empty() {
					t.Errorf("%q: the server sees no statement", text)
				}
			}
			continue // SQLite refuses it, whatever we think of it
		}
		theirs, decodeError := wire.DecodeStmt(frame)
		if decodeError != nil || err != nil {
			t.Fatal(text, decodeError, err)
		}
		if ours.Empty() || ours.Multiple || len(ours.Parameters) != int(theirs.Parameters) {
			t.Errorf("%q: %d parameters and %+v, but the server counts %d", text, len(ours.Parameters), ours, theirs.Parameters)
		}
		if !ours.Rows() && yieldsColumns(c, text) {
			t.Errorf("%q yields columns, and would be sent as a statement that does not", text)
		}
		if cut := c.ask(wire.AppendPrepare(nil, ours.Text)); cut.Type != wire.ResponseStmt {
			t.Errorf("%q: cut to %q, the server refuses it", text, ours.Text)
		}
	}
}

// yieldsColumns asks EXPLAIN whether the program of a statement hands out rows.
func yieldsColumns(c *rawConnection, text string) bool {
	c.Helper()
	frame := c.ask(wire.AppendQuerySQL(nil, "EXPLAIN "+text, nil))
	for frame.Type == wire.ResponseRows {
		if bytes.Contains(frame.Body, []byte("ResultRow\x00")) {
			return true
		}
		rows, err := wire.DecodeRows(frame)
		row := make([]wire.Value, len(rows.Names))
		for found := true; found && err == nil; {
			found, err = rows.Next(row)
		}
		if err != nil {
			c.Fatal(err)
		}
		if !rows.More {
			return false
		}
		if frame, err = readFrame(c); err != nil {
			c.Fatal(err)
		}
	}
	return false
}
