// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"testing"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

// oneByOne is what executemany means: the statement runs for each row until one fails.
func (c *client) oneByOne(text string, rows ...[]int64) (session.Result, *fault.Error) {
	c.Helper()
	var total session.Result
	for _, row := range rows {
		parameters := make([]wire.Value, len(row))
		for i, number := range row {
			parameters[i] = wire.NullValue()
			if number != 0 {
				parameters[i] = integer(number)
			}
		}
		result, failure := c.tryImplicit(text, parameters...)
		if failure != nil {
			return total, failure
		}
		total.Changes += result.Changes
		total.LastInsertID, total.Flags = result.LastInsertID, session.ResultModifies|session.ResultChanges
	}
	return total, nil
}

func numbered(from, to int64) (rows [][]int64) {
	for i := from; i <= to; i++ {
		rows = append(rows, []int64{i, i})
	}
	return rows
}

func TestManyRowsDoWhatTheyDoOneByOne(t *testing.T) {
	const insert = "INSERT INTO t VALUES (?, ?)"
	const plain = "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE)"
	clash := append(append(numbered(1, 1200), []int64{5000, 7}), numbered(1201, 1700)...)
	cases := []struct {
		name, schema, more, text string
		rows                     [][]int64
	}{
		{"all is well", plain, "", insert, numbered(1, 1700)},
		{"one row more than a statement takes, behind the first", plain, "", insert, numbered(1, 502)},
		{"a clash in what is left for the last statement", plain, "", insert, append(numbered(1, 1001), []int64{5000, 7})},
		{"one row", plain, "", insert, numbered(1, 1)},
		{"a clash in the third batch", plain, "", insert, clash},
		{"a clash in the first row", plain, "INSERT INTO t VALUES (1, 1)", insert, numbered(1, 10)},
		{"a clash in the last row", plain, "", insert, clash[:1201]},
		{"FAIL keeps what a statement did so far", "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT FAIL)", "", insert, clash},
		{"ROLLBACK ends the transaction", "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT ROLLBACK)", "", insert, clash},
		{"IGNORE leaves rows out", "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT IGNORE)", "", insert, clash},
		{"REPLACE deletes rows", "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT REPLACE)", "", insert, clash},
		{"a key to a later row of the same table", "CREATE TABLE t (a INTEGER PRIMARY KEY, b REFERENCES T)", "", insert,
			[][]int64{{1, 0}, {2, 1}, {3, 4}, {4, 0}}},
		{"a trigger that sees where a statement begins", plain,
			"CREATE TRIGGER x AFTER INSERT ON T BEGIN UPDATE t SET b = -1000 * new.a - changes() WHERE a = new.a; END", insert, numbered(1, 1200)},
		{"a temporary trigger that does", plain,
			"CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET b = -1000 * new.a - changes() WHERE a = new.a; END", insert, numbered(1, 1200)},
		{"generated ids", plain, "", "INSERT INTO t VALUES (?, ?)", [][]int64{{0, 1}, {0, 2}, {40, 3}, {0, 4}}},
		{"parameters in another order", plain, "", "INSERT INTO t (b, a) VALUES (?2, ?1)", [][]int64{{1, 30}, {2, 20}, {3, 10}}},
		{"a subquery", plain, "", "INSERT INTO t VALUES (?, (SELECT count(*) FROM t) + ?)", numbered(1, 9)},
		{"OR IGNORE", plain, "", "INSERT OR IGNORE INTO t VALUES (?, ?)", append(numbered(1, 9), numbered(5, 12)...)},
		{"UPDATE", plain, "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)", "UPDATE t SET b = ? + 10 WHERE a >= ?", numbered(3, 3)},
		{"DELETE", plain, "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)", "DELETE FROM t WHERE a >= ? AND b = ?", numbered(1, 3)},
		{"no such table", plain, "", "INSERT INTO missing VALUES (?, ?)", numbered(1, 3)},
		{"another number of parameters in the midst", plain, "", insert, append(numbered(1, 3), []int64{1}, []int64{8, 8})},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var outcomes [2]string
			var results [2]session.Result
			for i := range outcomes {
				c := open(t)
				c.run(test.schema)
				if test.more != "" {
					c.run(test.more)
				}
				run := c.many
				if i == 1 {
					run = c.oneByOne
				}
				result, failure := run(test.text, test.rows...)
				if results[i] = result; failure != nil {
					outcomes[i] = failure.Message + "\n"
				}
				if c.s.InTransaction() {
					outcomes[i] += "open\n"
				}
				outcomes[i] += c.rows("SELECT * FROM t ORDER BY a")
			}
			if outcomes[0] != outcomes[1] {
				t.Errorf("together:\n%.200s\none by one:\n%.200s", outcomes[0], outcomes[1])
			}
			a, b := results[0], results[1]
			if a.Changes != b.Changes || a.LastInsertID != b.LastInsertID || a.Flags != b.Flags {
				t.Errorf("together %+v, one by one %+v", a, b)
			}
		})
	}
}

func TestManyRowsInAutocommitCommitOneByOne(t *testing.T) {
	database := freshDatabase()
	c := connect(t, testNode.Address(), database)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY)")
	list := [][]int64{{1}, {2}, {1}, {3}}
	failure := c.s.ExecuteMany(manyRequest(c, "INSERT INTO t VALUES (?)", "", list))
	if failure != nil {
		t.Fatal(failure)
	}
	result, failure := c.finish()
	wantKind(t, failure, fault.SQLite, 1555)
	if result.Changes != 2 || result.LastInsertID != 2 || result.Flags != session.ResultModifies|session.ResultChanges {
		t.Errorf("of the rows that ran it tells %+v", result)
	}
	c.wantTransaction(false)
	if got := connect(t, testNode.Address(), database).rows("SELECT a FROM t"); got != "1\n2" {
		t.Errorf("rows %q", got)
	}
}

func TestManyBeginsEvenForNoRows(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a)")
	if _, failure := c.many("INSERT INTO t VALUES (?)"); failure != nil {
		t.Fatal(failure)
	}
	c.wantTransaction(true)
}

func TestManyDropsReturnedRows(t *testing.T) {
	c := open(t)
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY)")
	result, failure := c.many("INSERT INTO t VALUES (?) RETURNING a", []int64{4}, []int64{6})
	if failure != nil || result.Changes != 2 || result.LastInsertID != 6 || len(result.Data) != 0 {
		t.Errorf("%+v %v", result, failure)
	}
	_, failure = c.many("SELECT ?", []int64{1})
	wantKind(t, failure, fault.Programming, 0)
}

func TestABatchLargerThanTheSocketBuffers(t *testing.T) {
	c := open(t)
	c.slice = 0
	c.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE)")
	if result, failure := c.many("INSERT INTO t VALUES (?, ?)", numbered(1, 20_000)...); failure != nil || result.Changes != 20_000 {
		t.Errorf("%+v %v", result, failure)
	}
	if got := c.rows("SELECT count(*), sum(b) FROM t"); got != "20000 200010000" {
		t.Errorf("%s", got)
	}
}
