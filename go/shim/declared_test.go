// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"dqlitepy.dev/go/wire"
)

func declared(statement string, definitions ...string) []string {
	values := make([]wire.Value, len(definitions))
	for i, definition := range definitions {
		values[i] = wire.TextValue([]byte(definition))
	}
	types := []string{}
	for _, declared := range declaredTypes(values, []byte(statement)) {
		types = append(types, string(declared))
	}
	return types
}

func same(one, two []string) bool {
	if len(one) != len(two) {
		return false
	}
	for i := range one {
		if one[i] != two[i] {
			return false
		}
	}
	return true
}

func TestDeclaredTypesAreThoseOfTheTablesColumns(t *testing.T) {
	table := "CREATE TABLE t (a DATE, b number(5), c)"
	for statement, want := range map[string][]string{
		"SELECT * FROM t":                           {"DATE", "number(5)", ""},
		"SELECT b, b + 1, (SELECT a FROM t)":        {},
		"SELECT b, b + 1, (SELECT a FROM t) FROM t": {"number(5)", "", "DATE"},
		"INSERT INTO t VALUES (1, 2, 3)":            {},
		"DELETE FROM t RETURNING a":                 {"DATE"},
		"SELECT a FROM missing":                     {},
		"SELEC":                                     {},
		"":                                          {},
	} {
		if got := declared(statement, table); !same(got, want) {
			t.Errorf("%s: got %q, want %q", statement, got, want)
		}
	}
}

// What a server calls a definition must not open files, run for ever, or be more than one statement.
func TestHostileDefinitionsAreHarmless(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.db")
	got := declared("SELECT a FROM t",
		"ATTACH '"+file+"' AS x",
		"CREATE TABLE x.t (a WRONG)",
		"VACUUM INTO '"+file+"'",
		"CREATE TABLE s AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
		"CREATE TABLE t (a WRONG); SELECT 1",
		"CREATE TABLE \xff (\xfe",
		"CREATE TABLE t (a RIGHT_ONE)")
	if !same(got, []string{"RIGHT_ONE"}) {
		t.Errorf("%q", got)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was made")
	}
}
