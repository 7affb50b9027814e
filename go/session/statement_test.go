// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

func integer(number int64) wire.Value { return wire.IntegerValue(number) }

func TestAStatementGivesItsRowsAndCounters(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
	result := c.run("INSERT INTO t VALUES (7, ?), (8, ?)", wire.TextValue([]byte("seven")), wire.FloatValue(0.5))
	if result.LastInsertID != 8 || result.Changes != 2 || result.Flags != session.ResultModifies|session.ResultChanges {
		t.Errorf("INSERT: %+v", result)
	}
	if got := c.rows("SELECT *, NULL, x'01' FROM t"); got != "7 seven <nil> [1\n8 0.5 <nil> [1" {
		t.Errorf("SELECT: %q", got)
	}
	if result = c.run("UPDATE t SET b = 1 RETURNING a"); result.Changes != 2 || result.Rows != 2 ||
		result.Flags != session.ResultModifies|session.ResultChanges|session.ResultRows {
		t.Errorf("UPDATE … RETURNING: %+v", result)
	}
	if result = c.run("INSERT INTO t VALUES (20, 1) RETURNING a"); result.LastInsertID != 20 || result.Changes != 1 {
		t.Errorf("INSERT … RETURNING: %+v", result)
	}
	if result = c.run("DROP TABLE t"); result.Changes != -1 || result.Flags != 0 {
		t.Errorf("DROP: %+v", result)
	}
	if result = c.run(" -- nothing"); result.Changes != 0 || result.Flags != 0 || len(result.Data) != 0 {
		t.Errorf("nothing: %+v", result)
	}
	if result = c.run("PRAGMA user_version = 5"); result.Flags != 0 || len(result.Data) != 0 {
		t.Errorf("a PRAGMA without rows: %+v", result)
	}
}

func TestSlicesOfNoTimeGiveTheSameResult(t *testing.T) {
	c := open(t)
	c.slice = 0
	c.run("CREATE TABLE t (a, b)")
	c.tryImplicit("INSERT INTO t VALUES (?, zeroblob(300000))", integer(1))
	for i := range int64(3) {
		c.run("INSERT INTO t VALUES (?, ?)", integer(i), wire.BlobValue(make([]byte, 400_000)))
	}
	if got := c.rows("SELECT a, length(b) FROM t ORDER BY 2, 1"); got != "1 300000\n0 400000\n1 400000\n2 400000" {
		t.Errorf("rows %q", got)
	}
	if got := c.rows("WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s LIMIT 60000) SELECT i FROM s"); strings.Count(got, "\n") != 59_999 {
		t.Errorf("%d rows", strings.Count(got, "\n")+1)
	}
}

func TestAStatementThatWritesHandsOutItsRowsWhenItIsDone(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY)")
	result := c.run("INSERT INTO t WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s LIMIT 100000) SELECT i FROM s RETURNING a, 'text'")
	if result.Rows != 100_000 || result.Changes != 100_000 || result.LastInsertID != 100_000 || result.Flags&session.ResultMore != 0 {
		t.Errorf("%d rows, %d changes, flags %b", result.Rows, result.Changes, result.Flags)
	}
	_, failure := c.try("INSERT INTO t VALUES (200000), (200001) RETURNING CASE a WHEN 200001 THEN CAST(x'ff' AS TEXT) ELSE a END")
	if failure != nil {
		t.Fatal(failure)
	}
	if failure := c.s.Fetch(nil); failure != nil {
		t.Fatal(failure)
	}
	_, failure = c.finish()
	wantKind(t, failure, fault.Data, 0)
	if got := c.rows("SELECT count(*) FROM t"); got != "100002" {
		t.Errorf("%s rows", got)
	}
}

func TestParametersAreCounted(t *testing.T) {
	c := open(t)
	for _, text := range []string{"SELECT ?", "SELECT ?, ?, ?", "INSERT INTO missing VALUES (:a)"} {
		_, failure := c.try(text, integer(1), integer(2))
		wantKind(t, failure, fault.Programming, 0)
	}
	_, failure := c.try("SELECT 1; SELECT 2")
	wantKind(t, failure, fault.Programming, 0)
	_, failure = c.try("SELECT 'a\x00b'")
	wantKind(t, failure, fault.Programming, 0)
	for _, count := range []int{255, 256, 2000} {
		parameters := make([]wire.Value, count)
		for i := range parameters {
			parameters[i] = integer(int64(i))
		}
		if got := c.rows("SELECT sum(column1) FROM (VALUES "+strings.TrimSuffix(strings.Repeat("(?),", count), ",")+")", parameters...); got != fmt.Sprint(count*(count-1)/2) {
			t.Errorf("%d parameters: %s", count, got)
		}
	}
}

func TestErrorsKeepTheirCodes(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE, c CHECK (c > 0), d NOT NULL DEFAULT 1)")
	c.run("INSERT INTO t VALUES (1, 1, 1, 1)")
	for text, code := range map[string]int32{
		"INSERT INTO t VALUES (1, 2, 1, 1)":                      1555,
		"INSERT INTO t VALUES (2, 1, 1, 1)":                      2067,
		"INSERT INTO t VALUES (2, 2, 0, 1)":                      275,
		"INSERT INTO t VALUES (2, 2, 1, NULL)":                   1299,
		"INSERT INTO t VALUES (1, 2, 1, 1) RETURNING a, b, c, d": 1555, // a stock server hides it behind the columns
		"SELECT abs(-9223372036854775807 - a) FROM t":            1,
		"SELEC":                           1,
		"PRAGMA locking_mode = EXCLUSIVE": 23,
	} {
		_, failure := c.try(text)
		wantKind(t, failure, fault.SQLite, code)
	}
	if got := c.rows("SELECT count(*) FROM t"); got != "1" {
		t.Errorf("%s rows", got)
	}
}

func TestTextThatIsNotUTF8EndsTheRowsBehindTheGoodOnes(t *testing.T) {
	c := open(t)
	text := "SELECT CASE i WHEN 3 THEN CAST(x'ff' AS TEXT) ELSE i END AS bad FROM (SELECT 1 AS i UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4)"
	result := c.run(text)
	if result.Rows != 2 || result.Flags&session.ResultMore == 0 {
		t.Errorf("%+v", result)
	}
	if failure := c.s.Fetch(nil); failure != nil {
		t.Fatal(failure)
	}
	_, failure := c.finish()
	wantKind(t, failure, fault.Data, 0)
	if failure := c.s.Fetch(nil); failure == nil || failure.Kind != fault.Programming {
		t.Errorf("the result goes on: %v", failure)
	}
	if failure := c.begin(text, session.Request{TextAsBytes: true}); failure != nil {
		t.Fatal(failure)
	}
	if result, failure := c.finish(); failure != nil || result.Rows != 4 {
		t.Errorf("as bytes: %+v, %v", result, failure)
	}
}

const longResult = "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s LIMIT 200000) SELECT i, 'some text' FROM s"

func TestAStreamingResultIsDroppedForTheNextStatement(t *testing.T) {
	c := open(t)
	for _, next := range []func(){
		func() { c.run("CREATE TABLE IF NOT EXISTS t (a)") },
		func() { c.many("INSERT INTO t VALUES (?)", []int64{1}); c.run("ROLLBACK") },
		func() { c.rows("SELECT 1") },
		func() {
			if failure := c.s.Discard(); failure != nil {
				t.Fatal(failure)
			}
			c.finish()
		},
	} {
		if result := c.run(longResult); result.Flags&session.ResultMore == 0 {
			t.Fatal("the result does not stream")
		}
		c.fetch()
		next()
		if failure := c.s.Fetch(nil); failure == nil || failure.Kind != fault.Programming {
			t.Errorf("the dropped result goes on: %v", failure)
		}
	}
}

func TestCancelKeepsTheConnectionWhileRowsStream(t *testing.T) {
	c := open(t)
	c.run("BEGIN")
	c.run(longResult)
	if failure := c.s.Fetch(nil); failure != nil {
		t.Fatal(failure)
	}
	c.s.Cancel()
	_, failure := c.finish()
	wantKind(t, failure, fault.Interrupted, 9)
	if failure.Broken {
		t.Error("the connection is broken")
	}
	c.wantTransaction(true)
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("after the cancel: %s", got)
	}
}

const endless = "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s LIMIT 300000000000) SELECT max(i) FROM s"

func TestCancelBetweenTwoBatchesEndsTheResult(t *testing.T) {
	c := open(t)
	c.run(longResult)
	c.s.Cancel()
	if failure := c.s.Fetch(nil); failure != nil {
		t.Fatal(failure)
	}
	_, failure := c.finish()
	wantKind(t, failure, fault.Interrupted, 9)
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("after the cancel: %s", got)
	}
	c.run(longResult)
	c.s.Cancel()
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("the next statement was cancelled too: %s", got)
	}
}

func TestCancelOfARunningSelectKeepsTheConnection(t *testing.T) {
	t.Cleanup(session.SetCancelPatience(hangGuard))
	c := open(t)
	c.run("BEGIN")
	if failure := c.begin(endless, session.Request{}); failure != nil {
		t.Fatal(failure)
	}
	if _, done, _ := c.s.Continue(10 * time.Millisecond); done {
		t.Fatal("the statement is too short for this test")
	}
	c.s.Cancel()
	_, failure := c.finish()
	wantKind(t, failure, fault.Interrupted, 9)
	if failure.Broken {
		t.Errorf("broken: %+v", failure)
	}
	c.wantTransaction(true)
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("after the cancel: %s", got)
	}
}

func TestAfterTheCancelOfARunningWriteTheConnectionHeals(t *testing.T) {
	t.Cleanup(session.SetCancelPatience(hangGuard))
	for begin, kind := range map[string]fault.Kind{"": fault.AmbiguousCommit, "BEGIN": fault.Interrupted} {
		other := open(t)
		other.run("CREATE TABLE t (a)")
		if begin != "" {
			other.run(begin)
		}
		text := "INSERT INTO t " + endless
		if failure := other.begin(text, session.Request{}); failure != nil {
			t.Fatal(failure)
		}
		if _, done, _ := other.s.Continue(10 * time.Millisecond); done {
			t.Fatal("the statement is too short for this test")
		}
		other.s.Cancel()
		_, failure := other.finish()
		wantKind(t, failure, kind, 9)
		if failure.Broken || failure.TransactionLost != (begin != "") {
			t.Errorf("%s: %+v", text, failure)
		}
		other.wantTransaction(false)
		if got := other.rows("SELECT count(*) FROM t"); got != "0" {
			t.Errorf("%s", got)
		}
	}
}

func TestCancelWhereNothingIsUnderWayDoesNothing(t *testing.T) {
	c := open(t)
	c.s.Cancel()
	if got := c.rows("SELECT 1"); got != "1" {
		t.Errorf("%s", got)
	}
}

func TestOnlyOneThreadMayBeInside(t *testing.T) {
	c := open(t)
	if failure := c.s.Enter(); failure != nil {
		t.Fatal(failure)
	}
	failure := c.s.Enter()
	wantKind(t, failure, fault.Programming, 0)
	c.s.Leave()
}

func TestAnOperationMustEndBeforeTheNext(t *testing.T) {
	c := open(t)
	if failure := c.begin("SELECT 1", session.Request{}); failure != nil {
		t.Fatal(failure)
	}
	wantKind(t, c.begin("SELECT 2", session.Request{}), fault.Programming, 0)
	if result, failure := c.finish(); failure != nil || result.Rows != 1 {
		t.Errorf("%+v %v", result, failure)
	}
	_, _, failure := c.s.Continue(0)
	wantKind(t, failure, fault.Programming, 0)
}

func TestClosingANodesGroupEndsWhatStreams(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a)")
	c.run("BEGIN IMMEDIATE")
	c.run("INSERT INTO t VALUES (1)")
	c.run(longResult)
	c.group.Close()
	_, failure := c.try("SELECT 1")
	wantKind(t, failure, fault.Connection, 0)
	// The node would abort when it stops, after all tests, were a result still streaming.
}
