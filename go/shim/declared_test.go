// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/wire"
)

func declared(statement string, definitions ...string) []string {
	values := make([]wire.Value, len(definitions))
	for i, definition := range definitions {
		values[i] = wire.TextValue([]byte(definition))
	}
	types := []string{}
	made := func() ([]wire.Value, *fault.Error) { return values, nil }
	found, _ := declaredTypes([]byte(strings.Join(definitions, "\x00")), made, []byte(statement))
	for _, declared := range found {
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

func TestSchemasAreKept(t *testing.T) {
	tables := make([]string, keptSchemas+2)
	for i := range tables {
		tables[i] = fmt.Sprintf("CREATE TABLE t (a TYPE%d)", i)
	}
	for _, i := range []int{0, 1, 0, 2, 3, 4, 5, 0, 5, 1} {
		if got := declared("SELECT a FROM t", tables[i]); !same(got, []string{fmt.Sprintf("TYPE%d", i)}) {
			t.Errorf("schema %d: %q", i, got)
		}
		if len(schemas.kept) > keptSchemas {
			t.Errorf("%d are kept", len(schemas.kept))
		}
	}
	never := func() ([]wire.Value, *fault.Error) { panic("it was made again") }
	if types, failure := declaredTypes([]byte(tables[1]), never, []byte("SELECT a FROM t")); failure != nil || string(types[0]) != "TYPE1" {
		t.Errorf("%q, %v", types, failure)
	}
}

// To compile a PRAGMA is to run it, and this process may have a node.
func TestAPragmaIsNotCompiled(t *testing.T) {
	for _, statement := range []string{"PRAGMA soft_heap_limit = 123456", "EXPLAIN PRAGMA soft_heap_limit = 123456"} {
		if got := declared(statement, "CREATE TABLE t (a)"); len(got) != 0 {
			t.Errorf("%s: %q", statement, got)
		}
	}
	if limit := softHeapLimit(); limit != 0 {
		t.Errorf("the limit is %d", limit)
	}
}
