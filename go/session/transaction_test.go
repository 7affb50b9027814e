// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
)

func TestTheTransactionIsFollowed(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY ON CONFLICT ABORT)")
	c.run("INSERT INTO t VALUES (1)")
	for _, step := range strings.Split(`
		BEGIN -> open; COMMIT -> shut; BEGIN -> open; ROLLBACK -> shut; begin exclusive -> open; END -> shut
		SAVEPOINT a -> open; SAVEPOINT b -> open; RELEASE B -> open; RELEASE a -> shut
		SAVEPOINT a -> open; SAVEPOINT a -> open; RELEASE a -> open; ROLLBACK TO a -> open; RELEASE a -> shut
		SAVEPOINT a -> open; SAVEPOINT b -> open; RELEASE a -> shut
		BEGIN -> open; SAVEPOINT a -> open; RELEASE a -> open; COMMIT -> shut
		SAVEPOINT a -> open; SAVEPOINT b -> open; ROLLBACK TO a -> open; RELEASE b fails -> open; RELEASE a -> shut
		BEGIN -> open; BEGIN fails -> open; COMMIT -> shut; COMMIT fails -> shut; ROLLBACK fails -> shut; RELEASE a fails -> shut
		BEGIN -> open; INSERT INTO t VALUES (1) fails -> open; INSERT OR ROLLBACK INTO t VALUES (1) fails -> shut
		BEGIN -> open; SELECT abs(-9223372036854775807 - a) FROM t fails -> open; ROLLBACK -> shut
		BEGIN -> open; INSERT OR ROLLBACK INTO t VALUES (1) RETURNING a fails -> shut
		EXPLAIN BEGIN -> shut; /* x */ BEGIN -> open; SELECT 'COMMIT' -> open; ROLLBACK -- x -> shut`, ";") {
		for _, line := range strings.Split(step, "\n") {
			text, want, found := strings.Cut(strings.TrimSpace(line), " -> ")
			if !found {
				continue
			}
			text, fails := strings.CutSuffix(text, " fails")
			if _, failure := c.try(text); (failure != nil) != fails {
				t.Errorf("%s: %v", text, failure)
			}
			if got := c.s.InTransaction(); got != (want == "open") {
				t.Fatalf("after %s: in a transaction is %v", text, got)
			}
		}
	}
}

func TestAFailedCommitKeepsTheTransaction(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE p (a INTEGER PRIMARY KEY, b REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
	c.run("BEGIN")
	c.run("INSERT INTO p VALUES (1, 2)")
	_, failure := c.try("COMMIT")
	wantKind(t, failure, fault.SQLite, 787)
	c.wantTransaction(true)
	c.run("INSERT INTO p VALUES (2, NULL)")
	c.run("COMMIT")
	c.wantTransaction(false)
}

func TestTheImplicitBegin(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY)")
	for text, want := range map[string]struct {
		fails bool
		open  bool
	}{
		"INSERT INTO t VALUES (1)":                           {false, true},
		"INSERT INTO t VALUES (2) RETURNING a":               {false, true},
		"WITH x AS (SELECT 3) INSERT INTO t SELECT * FROM x": {false, false},
		"SELECT 1":                                             {false, false},
		"CREATE TABLE u (a)":                                   {false, false},
		"INSERT INTO missing VALUES (1)":                       {true, false}, // not even prepared
		"INSERT INTO missing VALUES (1) RETURNING a":           {true, false},
		"INSERT INTO t VALUES (NULL), (3)":                     {true, true}, // ran
		"INSERT INTO t VALUES (abs(-9223372036854775807 - 1))": {true, true},
		"INSERT OR ROLLBACK INTO t VALUES (3), (3)":            {true, false},
	} {
		if !strings.HasPrefix(text, "WITH") && c.rows("SELECT count(*) FROM t WHERE a = 3") == "0" {
			c.run("INSERT INTO t VALUES (3)")
		} else if strings.HasPrefix(text, "WITH") {
			c.run("DELETE FROM t")
		}
		_, failure := c.tryImplicit(text)
		if (failure != nil) != want.fails || c.s.InTransaction() != want.open {
			t.Errorf("%s: %v, in a transaction: %v", text, failure, c.s.InTransaction())
		}
		if c.s.InTransaction() {
			c.run("ROLLBACK")
		}
	}
	c.tryImplicit("DELETE FROM t")
	c.tryImplicit("INSERT INTO t VALUES (9)")
	c.run("COMMIT")
	if got := c.rows("SELECT a FROM t"); got != "9" {
		t.Errorf("rows %q", got)
	}
}

func TestALockedDatabaseIsWaitedFor(t *testing.T) {
	database := freshDatabase()
	writer := connect(t, testNode.Address(), database)
	writer.run("CREATE TABLE t (a)")
	for _, begin := range []string{"BEGIN IMMEDIATE", "BEGIN DEFERRED", ""} {
		writer.run("BEGIN IMMEDIATE")
		waiter := connect(t, testNode.Address(), database)
		if failure := waiter.begin("INSERT INTO t VALUES (1)", session.Request{Begin: begin}); failure != nil {
			t.Fatal(failure)
		}
		if _, done, failure := waiter.s.Continue(20 * time.Millisecond); done {
			t.Fatalf("%s did not wait: %v", begin, failure)
		}
		writer.run("COMMIT")
		if _, failure := waiter.finish(); failure != nil {
			t.Errorf("%s: %v", begin, failure)
		}
		waiter.wantTransaction(begin != "")
		if begin != "" {
			waiter.run("COMMIT")
		}
	}
	if got := writer.rows("SELECT count(*) FROM t"); got != "3" {
		t.Errorf("%s rows", got)
	}
}

func TestALockedDatabaseIsAnErrorWhenTheTimeIsOver(t *testing.T) {
	database := freshDatabase()
	writer := connect(t, testNode.Address(), database)
	writer.run("CREATE TABLE t (a)")
	writer.run("BEGIN IMMEDIATE")
	writer.run("INSERT INTO t VALUES (1)")
	loser := connect(t, testNode.Address(), database, impatient)
	for _, text := range []string{"INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (2) RETURNING a"} {
		for _, try := range []func() (session.Result, *fault.Error){
			func() (session.Result, *fault.Error) { return loser.tryImplicit(text) },
			func() (session.Result, *fault.Error) { return loser.try(text) },
			func() (session.Result, *fault.Error) {
				if failure := loser.begin(text, session.Request{Begin: "BEGIN DEFERRED"}); failure != nil {
					t.Fatal(failure)
				}
				_, failure := loser.finish()
				loser.wantTransaction(true)
				loser.run("ROLLBACK")
				return session.Result{}, failure
			},
			func() (session.Result, *fault.Error) { return loser.many(text, []int64{}, []int64{}) },
		} {
			_, failure := try()
			wantKind(t, failure, fault.SQLite, 5)
			loser.wantTransaction(false)
		}
	}
	loser.run("BEGIN")
	_, failure := loser.many("INSERT INTO t VALUES (?)", []int64{1}, []int64{2}, []int64{3})
	wantKind(t, failure, fault.SQLite, 5)
	loser.wantTransaction(true)
	loser.run("ROLLBACK")
	writer.run("COMMIT")
	if got := writer.rows("SELECT a FROM t"); got != "1" {
		t.Errorf("rows %q", got)
	}
}

func TestAnOldSnapshotIsNotWaitedFor(t *testing.T) {
	database := freshDatabase()
	writer := connect(t, testNode.Address(), database)
	writer.run("CREATE TABLE t (a)")
	reader := connect(t, testNode.Address(), database)
	reader.run("BEGIN")
	reader.rows("SELECT * FROM t")
	writer.run("INSERT INTO t VALUES (1)")
	_, failure := reader.try("INSERT INTO t VALUES (2)")
	wantKind(t, failure, fault.SQLite, 517)
	reader.wantTransaction(true)
}

func TestCloseFreesTheLock(t *testing.T) {
	t.Cleanup(session.SetClosePatience(hangGuard))
	database := freshDatabase()
	for _, leave := range []string{"BEGIN IMMEDIATE", longResult} {
		first := connect(t, testNode.Address(), database)
		first.run("BEGIN IMMEDIATE")
		first.run("CREATE TABLE u (a)")
		if leave == longResult {
			first.run(leave)
		}
		first.s.Close()
		if first.s.Busy() {
			first.finish()
		}
		second := connect(t, testNode.Address(), database, impatient)
		second.run("BEGIN IMMEDIATE")
		if got := second.rows("SELECT count(*) FROM sqlite_schema"); got != "0" {
			t.Errorf("the transaction was not rolled back: %s tables", got)
		}
		second.run("ROLLBACK")
	}
}
