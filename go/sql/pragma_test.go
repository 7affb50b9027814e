// SPDX-License-Identifier: Apache-2.0

package sql

import "testing"

func TestPragmasAreRead(t *testing.T) {
	for text, want := range map[string]*Pragma{
		"PRAGMA busy_timeout":                     {Name: "busy_timeout"},
		"pragma Main.[Busy_Timeout] = 5":          {Schema: "main", Name: "busy_timeout", Sets: true, Argument: "5"},
		"PRAGMA a(-5)":                            {Name: "a", Sets: true, Argument: "-5"},
		"PRAGMA a = +5":                           {Name: "a", Sets: true, Argument: "5"},
		"PRAGMA a = 'W''al'":                      {Name: "a", Sets: true, Argument: "W'al"},
		"PRAGMA temp.a = DELETE":                  {Schema: "temp", Name: "a", Sets: true, Argument: "DELETE"},
		"PRAGMA a /* b */ ( \"c\" ) -- d\n ; -- ": {Name: "a", Sets: true, Argument: "c"},
		"PRAGMA a =":                              nil,
		"PRAGMA a = 1 2":                          nil,
		"PRAGMA a(1":                              nil,
		"PRAGMA a b":                              nil,
		"PRAGMA a = ?":                            nil,
		"PRAGMA a = -'1'":                         nil,
		"PRAGMA a = - 5":                          {Name: "a", Sets: true, Argument: "-5"},
		"EXPLAIN PRAGMA a":                        nil,
		"SELECT 1":                                nil,
	} {
		got := parse(t, text).Pragma
		if got == nil || want == nil {
			if got != want {
				t.Errorf("%q: %+v, want %+v", text, got, want)
			}
		} else if *got != *want {
			t.Errorf("%q: %+v, want %+v", text, *got, *want)
		}
	}
	for text, readOnly := range map[string]bool{
		"PRAGMA auto_vacuum": true, "PRAGMA auto_vacuum = 1": false, "PRAGMA cache_size = 1": true, "PRAGMA user_version = 1": false,
	} {
		if parse(t, text).ReadOnly() != readOnly {
			t.Errorf("%q: read-only %v", text, !readOnly)
		}
	}
}
