// SPDX-License-Identifier: Apache-2.0

package sql

import (
	"slices"
	"testing"
)

func TestScriptsAreCutAsSQLiteDoes(t *testing.T) {
	trigger := "CREATE TRIGGER x AFTER INSERT ON a BEGIN\n UPDATE a SET b = CASE WHEN b THEN 'x;' END; -- ; END ;\n DELETE FROM a;\nEND"
	for script, want := range map[string][]string{
		"":                                nil,
		" -- nothing;":                    nil,
		" ; ;; -- nothing\n ; /* x */":    nil,
		"\ufeffBEGIN; \vEND":              {"BEGIN", "END"},
		"BEGIN; \ufeff":                   {"BEGIN"},
		"SELECT 1":                        {"SELECT 1"},
		" SELECT 1 ; -- x":                {"SELECT 1"},
		"SELECT 1; /* x":                  {"SELECT 1"},
		"SELECT 1; /*":                    {"SELECT 1", "/*"},
		"SELECT 1 /* ; */; SELECT ';é'":   {"SELECT 1", "SELECT ';é'"},
		"SELECT 'no end; SELECT 2;":       {"SELECT 'no end; SELECT 2;"},
		"SELECT [a;b], \"c;d\", `e;f`;;":  {"SELECT [a;b], \"c;d\", `e;f`"},
		trigger:                           {trigger},
		trigger + ";":                     {trigger},
		trigger + "; SELECT 1;":           {trigger, "SELECT 1"},
		"EXPLAIN QUERY PLAN " + trigger:   {"EXPLAIN QUERY PLAN " + trigger},
		"CREATE TEMPORARY TRIGGER x; END": {"CREATE TEMPORARY TRIGGER x; END"},
		"BEGIN; CREATE TABLE a(b); END;":  {"BEGIN", "CREATE TABLE a(b)", "END"},
	} {
		spans := Split(script)
		var statements []string
		for _, span := range spans {
			statements = append(statements, script[span.Start:span.End])
		}
		if !slices.Equal(statements, want) {
			t.Errorf("%q: %q", script, statements)
		}
	}
}

// Both ways to look at a text find the same first statement.
func FuzzSplitAgreesWithParse(f *testing.F) {
	f.Add("CREATE TRIGGER x BEGIN SELECT 1; END; SELECT 2")
	f.Add(";; /* */ EXPLAIN SELECT ?1; --")
	f.Fuzz(func(t *testing.T, script string) {
		spans := Split(script)
		first, err := Parse(script)
		switch {
		case err != nil:
		case len(spans) == 0:
			if !first.Empty() {
				t.Errorf("%q", script)
			}
		case first.Text != script[spans[0].Start:spans[0].End] || !first.Multiple && len(spans) > 1 && script[spans[1].Start:] != "/*": // which is a comment to Python's sqlite3
			t.Errorf("%q: %q", script, first.Text)
		}
	})
}
