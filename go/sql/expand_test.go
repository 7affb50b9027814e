// SPDX-License-Identifier: Apache-2.0

package sql

import (
	"fmt"
	"testing"
)

func TestExpandPutsALiteralInThePlaceOfEachParameter(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":                             "SELECT 1",
		"  SELECT ?, ?  ":                      "  SELECT <0>, <1>  ",
		"SELECT ?2, ?1, ?2":                    "SELECT <1>, <0>, <1>",
		"SELECT :a, @a, $b, :a":                "SELECT <0>, <1>, $b, <0>",
		"SELECT '?', \"?\", [?], `?`, ? -- ?":  "SELECT '?', \"?\", [?], `?`, <0> -- ?",
		"/* ? */ SELECT ? /* ? */; -- behind":  "/* ? */ SELECT <0> /* ? */;",
		"SELECT ?; SELECT ?":                   "SELECT <0>;",
		"":                                     "",
		"-- nothing":                           "-- nothing",
		"CREATE TRIGGER t BEGIN SELECT ?; END": "CREATE TRIGGER t BEGIN SELECT <0>; END",
	} {
		statement, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := statement.Expand(2, func(index int) string { return fmt.Sprintf("<%d>", index) }); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
