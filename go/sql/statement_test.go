// SPDX-License-Identifier: Apache-2.0

package sql

import (
	"strings"
	"testing"
)

func parse(t *testing.T, text string) *Statement {
	t.Helper()
	statement, err := Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return statement
}

func TestStatementsAreClassified(t *testing.T) {
	const rows, modifies, begins, readOnly = 1, 2, 4, 8
	for text, want := range map[string]int{
		"SELECT 1":                       rows | readOnly,
		"  /* c */ -- d\n select 1":      rows | readOnly,
		"/* unterminated":                0,
		"\ufeffINSERT INTO t VALUES (1)": modifies,
		" \vINSERT INTO t VALUES (1)":    modifies,
		";INSERT INTO t VALUES (1)":      modifies,
		"--x\n\vselect 1":                rows | readOnly,
		"values (1)":                     rows | readOnly,
		"insert into t values (1)":       modifies | begins,
		"INSERT INTO t SELECT 'RETURNING' FROM \"returning\"": modifies | begins,
		"INSERT INTO t VALUES (1) RETURNING a":                rows | modifies | begins,
		"REPLACE INTO t VALUES (1)":                           modifies | begins,
		"UPDATE t SET a = (SELECT 1 /* RETURNING */)":         modifies | begins,
		"update t set a = 1 where b in (1) returning *":       rows | modifies | begins,
		"DELETE FROM t":                                      modifies | begins,
		"WITH x AS (SELECT 1) SELECT * FROM x":               rows | readOnly,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x": modifies,
		"WITH RECURSIVE x(a, b) AS NOT MATERIALIZED (VALUES (1, ')')), y AS (SELECT 2) DELETE FROM t": modifies,
		"WITH \"select\" AS (SELECT 1) UPDATE t SET a = 1 RETURNING a":                                rows | modifies,
		"with replace as materialized (select 1) select * from replace":                               rows | readOnly,
		"EXPLAIN INSERT INTO t VALUES (1)":                                                            rows | readOnly,
		"EXPLAIN QUERY PLAN DELETE FROM t":                                                            rows | readOnly,
		"PRAGMA user_version = 3":                                                                     rows,
		"PRAGMA user_version":                                                                         rows | readOnly,
		"PRAGMA main.table_info(t)":                                                                   rows | readOnly,
		"PRAGMA incremental_vacuum":                                                                   rows,
		"PRAGMA foreign_keys(0)":                                                                      rows | readOnly,
		"CREATE TABLE t (a)":                                                                          0,
		"CREATE TABLE returning AS SELECT 1":                                                          0,
		"DROP TABLE t":                                                                                0,
		"VACUUM":                                                                                      0,
		"ATTACH '' AS x":                                                                              0,
		"SELEC 1":                                                                                     rows,
		"(SELECT 1)":                                                                                  rows | readOnly,
	} {
		s := parse(t, text)
		if s.Empty() {
			if want != 0 {
				t.Errorf("%q: taken for empty", text)
			}
			continue
		}
		got := 0
		for bit, is := range map[int]bool{rows: s.Rows(), modifies: s.Modifies(), begins: s.BeginsImplicitly(), readOnly: s.ReadOnly()} {
			if is {
				got |= bit
			}
		}
		if got != want {
			t.Errorf("%q: rows|modifies<<1|begins<<2|readonly<<3 = %04b, want %04b", text, got, want)
		}
	}
}

func TestTheFirstStatementEndsWhereSQLiteEndsIt(t *testing.T) {
	trigger := "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM t; END"
	for text, want := range map[string]struct {
		first    string
		multiple bool
	}{
		"":                                   {"", false},
		" ; ;-- x":                           {"", false},
		"; SELECT 1 ;":                       {"SELECT 1", false},
		"SELECT 1; -- x\n /* y */ \t\f\r":    {"SELECT 1", false},
		"SELECT 1; -- x\n /* y */ ;":         {"SELECT 1", true},
		"SELECT 1;;":                         {"SELECT 1", true},
		"SELECT 1;\v":                        {"SELECT 1", true},
		"SELECT 1;\ufeff":                    {"SELECT 1", true},
		"SELECT 1; /*":                       {"SELECT 1", false},
		"SELECT 1; /* ;":                     {"SELECT 1", false},
		"SELECT 1; - -":                      {"SELECT 1", true},
		"SELECT ';' ; SELECT 2":              {"SELECT ';'", true},
		"SELECT \"a;\"\"b\", [c;], `;`":      {"SELECT \"a;\"\"b\", [c;], `;`", false},
		"SELECT 'it''s;'; COMMIT":            {"SELECT 'it''s;'", true},
		"SELECT 'open; SELECT 2":             {"SELECT 'open; SELECT 2", false},
		trigger + ";":                        {trigger, false},
		trigger + "; SELECT 1":               {trigger, true},
		"EXPLAIN " + trigger + "; SELECT 1":  {"EXPLAIN " + trigger, true},
		"CREATE TABLE trigger_(a); SELECT 1": {"CREATE TABLE trigger_(a)", true},
		"BEGIN; COMMIT":                      {"BEGIN", true},
		"BEGIN":                              {"BEGIN", false},
	} {
		s := parse(t, text)
		if s.Text != want.first || s.Multiple != want.multiple {
			t.Errorf("%q: %q, more: %v", text, s.Text, s.Multiple)
		}
	}
}

func TestParametersAreNumberedAsInSQLite(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                              "",
		"SELECT ?, ?":                           "- -",
		"SELECT ?3":                             "- - 3",
		"SELECT ?3, ?, ?1":                      "1 - 3 -",
		"SELECT :a, @a, $a, :a, #a":             "a a a a",
		"SELECT :a, ?, :a, ?1":                  "a -",
		"SELECT '?', \"?\", [?], `?`, -- ?\n ?": "-",
		"SELECT $a::b(c), :é":                   "a::b(c) é",
		"SELECT x'00', 1e5, .5, 0x1F, 'a'':b'":  "",
		"SELECT a->:b, 1:c":                     "b c",
		"SELECT 1e--?\n":                        "",
		"SELECT 0x1e-?, 1.5e-?, 1e-5?":          "- - -",
		"SELECT 1_000?, 0x_?, .5e+?":            "- - -",
		"SELECT ?1 /* ?2 */; SELECT ?3":         "1",
	} {
		names := []string{}
		for _, parameter := range parse(t, text).Parameters {
			if parameter.Named {
				names = append(names, parameter.Name)
			} else {
				names = append(names, "-")
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{"SELECT ?0", "SELECT ?32767", "SELECT ?99999999999999999999", "SELECT ?32766, ?"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	if s := parse(t, "SELECT ?32766"); len(s.Parameters) != MaxParameters {
		t.Errorf("%d parameters", len(s.Parameters))
	}
}

func TestEffectsOnTheTransaction(t *testing.T) {
	for text, want := range map[string]struct {
		effect Effect
		name   string
	}{
		"BEGIN IMMEDIATE":      {Begins, ""},
		"COMMIT":               {Commits, ""},
		"end transaction":      {Commits, ""},
		"ROLLBACK":             {RollsBack, ""},
		"ROLLBACK TRANSACTION": {RollsBack, ""},
		"ROLLBACK TO a":        {RollsBackTo, "a"},
		"ROLLBACK TRANSACTION TO SAVEPOINT \"a\"\"b\"": {RollsBackTo, "a\"b"},
		"ROLLBACK TRANSACTION x TO a":                  {RollsBackTo, "a"},
		"ROLLBACK TO savepoint":                        {RollsBackTo, "savepoint"},
		"SAVEPOINT [a b]":                              {Saves, "a b"},
		"RELEASE a":                                    {Releases, "a"},
		"RELEASE SAVEPOINT 'a'":                        {Releases, "a"},
		"RELEASE savepoint":                            {Releases, "savepoint"},
		"SELECT 'COMMIT'":                              {NoEffect, ""},
		"EXPLAIN COMMIT":                               {NoEffect, ""},
	} {
		if s := parse(t, text); s.Effect != want.effect || s.Savepoint != want.name {
			t.Errorf("%q: %v %q", text, s.Effect, s.Savepoint)
		}
	}
}

func TestPlainInsertsAreRecognized(t *testing.T) {
	for text, want := range map[string]string{
		"INSERT INTO t VALUES (?, ?)":                            "INSERT INTO t VALUES (?,?),(?,?)",
		"insert into main.\"t\" (a, b) values(:b, -1, :a, 'x');": "insert into main.\"t\" (a, b) values (?,-1,?,'x'),(?,-1,?,'x')",
		"INSERT INTO t /* c */ VALUES (?2, x'00', NULL, 1.5)":    "INSERT INTO t /* c */ VALUES (?,x'00',NULL,1.5),(?,x'00',NULL,1.5)",
	} {
		insert, plain := parse(t, text).PlainInsert()
		if !plain || insert.Text(2) != want || insert.Table != "t" {
			t.Errorf("%q: %v %+v", text, plain, insert)
		}
	}
	insert, _ := parse(t, "INSERT INTO t VALUES (:b, :a, :b)").PlainInsert()
	if slots := insert.Slots; len(slots) != 3 || slots[0] != 0 || slots[1] != 1 || slots[2] != 0 {
		t.Errorf("slots %v", slots)
	}
	for _, text := range []string{
		"INSERT OR IGNORE INTO t VALUES (?)", "REPLACE INTO t VALUES (?)", "INSERT INTO t VALUES (?) RETURNING a",
		"INSERT INTO t VALUES (?), (?)", "INSERT INTO t VALUES (? + 1)", "INSERT INTO t VALUES ((SELECT ?))",
		"INSERT INTO t VALUES (CURRENT_TIMESTAMP, ?)", "INSERT INTO t SELECT ?", "INSERT INTO t VALUES (1)",
		"INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING", "INSERT INTO t AS x VALUES (?)", "INSERT INTO t DEFAULT VALUES",
		"WITH x AS (SELECT 1) INSERT INTO t VALUES (?)", "EXPLAIN INSERT INTO t VALUES (?)", "INSERT INTO t VALUES (\"a\", ?)",
		"INSERT INTO t VALUES (+'1', ?)", "INSERT INTO t VALUES (?", "INSERT INTO", "UPDATE t SET a = ?", "",
	} {
		if _, plain := parse(t, text).PlainInsert(); plain {
			t.Errorf("%q was taken for a plain INSERT", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT ?1, :a, 'x''y', [z], `w`, x'00' -- c\n/* d */; SELECT 2", "WITH a(b) AS (SELECT 1), c AS (VALUES (2)) INSERT INTO t SELECT 3",
		"CREATE TRIGGER x BEGIN SELECT 1; END;", "INSERT INTO t VALUES (?, -1.5e+3, NULL)", "ROLLBACK TO \"a", "RELEASE", "$a::b(", "x'", "[", "/*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if !strings.Contains(text, s.Text) {
			t.Errorf("%q is not part of %q", s.Text, text)
		}
		again, err := Parse(s.Text)
		if err != nil || again.Text != s.Text || again.Multiple || again.Verb != s.Verb || len(again.Parameters) != len(s.Parameters) {
			t.Errorf("%q reads otherwise on its own: %+v, %v", s.Text, again, err)
		}
		if insert, plain := s.PlainInsert(); plain {
			twice := insert.Text(2)
			if double, err := Parse(twice); err != nil || double.Multiple || len(double.Parameters) != 2*len(insert.Slots) {
				t.Errorf("%q: %v", twice, err)
			}
		}
	})
}

func TestWhatBelongsToTheConnection(t *testing.T) {
	for text, want := range map[string]struct {
		setting   string
		temporary bool
	}{
		"pragma FOREIGN_KEYS = off":                           {"foreign_keys", false},
		"PRAGMA main.cache_size(-2000)":                       {"cache_size", false},
		"PRAGMA \"query_only\" = 1":                           {"query_only", false},
		"PRAGMA foreign_keys":                                 {"", false},
		"PRAGMA user_version = 3":                             {"", false},
		"EXPLAIN PRAGMA foreign_keys = 1":                     {"", false},
		"CREATE TEMP TABLE t (a)":                             {"", true},
		"CREATE TEMPORARY VIEW IF NOT EXISTS v AS SELECT 1":   {"", true},
		"CREATE TABLE temp.t (a)":                             {"", true},
		"CREATE UNIQUE INDEX IF NOT EXISTS Temp . i ON t (a)": {"", true},
		"CREATE VIRTUAL TABLE temp.t USING fts5(a)":           {"", true},
		"CREATE TABLE main.temp (a)":                          {"", false},
		"CREATE TABLE temp (a)":                               {"", false},
		"ATTACH '' AS x":                                      {"", true},
		"DROP TABLE temp.t":                                   {"", false},
	} {
		if s := parse(t, text); s.Setting != want.setting || s.Temporary != want.temporary {
			t.Errorf("%q: setting %q, temporary %v", text, s.Setting, s.Temporary)
		}
	}
}
