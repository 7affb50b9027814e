// SPDX-License-Identifier: Apache-2.0

package sql

import (
	"slices"
	"testing"
)

func TestScriptsAreCutAsSQLiteDoes(t *testing.T) {
	trigger := "CREATE TRIGGER x AFTER INSERT ON a BEGIN\n UPDATE a SET b = CASE WHEN b THEN 'x;' END; -- ; END ;\n DELETE FROM a;\nEND"
	for script, want := range map[string]struct {
		statements []string
		complete   bool
	}{
		"":                                {nil, false},
		" -- nothing;":                    {nil, false},
		" ; ;; -- nothing\n ; /* x */":    {nil, true},
		"\ufeffBEGIN; \vEND":              {[]string{"BEGIN", "END"}, false},
		"BEGIN; \ufeff":                   {[]string{"BEGIN"}, false},
		"SELECT 1":                        {[]string{"SELECT 1"}, false},
		" SELECT 1 ; -- x":                {[]string{"SELECT 1"}, true},
		"SELECT 1; /* x":                  {[]string{"SELECT 1"}, false},
		"SELECT 1; /*":                    {[]string{"SELECT 1", "/*"}, false},
		"SELECT 1 /* ; */; SELECT ';é'":   {[]string{"SELECT 1", "SELECT ';é'"}, false},
		"SELECT 'no end; SELECT 2;":       {[]string{"SELECT 'no end; SELECT 2;"}, false},
		"SELECT [a;b], \"c;d\", `e;f`;;":  {[]string{"SELECT [a;b], \"c;d\", `e;f`"}, true},
		trigger:                           {[]string{trigger}, false},
		trigger + ";":                     {[]string{trigger}, true},
		trigger + "; SELECT 1;":           {[]string{trigger, "SELECT 1"}, true},
		"EXPLAIN QUERY PLAN " + trigger:   {[]string{"EXPLAIN QUERY PLAN " + trigger}, false},
		"CREATE TEMPORARY TRIGGER x; END": {[]string{"CREATE TEMPORARY TRIGGER x; END"}, false},
		"BEGIN; CREATE TABLE a(b); END;":  {[]string{"BEGIN", "CREATE TABLE a(b)", "END"}, true},
	} {
		spans, complete := Split(script)
		var statements []string
		for _, span := range spans {
			statements = append(statements, script[span.Start:span.End])
		}
		if !slices.Equal(statements, want.statements) || complete != want.complete {
			t.Errorf("%q: %q, complete %v", script, statements, complete)
		}
	}
}

// Both ways to look at a text find the same first statement.
func FuzzSplitAgreesWithParse(f *testing.F) {
	f.Add("CREATE TRIGGER x BEGIN SELECT 1; END; SELECT 2")
	f.Add(";; /* */ EXPLAIN SELECT ?1; --")
	f.Fuzz(func(t *testing.T, script string) {
		spans, _ := Split(script)
		first, err := Parse(script)
		switch {
		case err != nil:
		case len(spans) == 0:
			if !first.Empty() {
				t.Errorf("%q", script)
			}
		case first.Text != script[spans[0].Start:spans[0].End] || first.Multiple != (len(spans) > 1):
			t.Errorf("%q: %q", script, first.Text)
		}
	})
}
