// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"math"
	"testing"
)

func TestLiteralsAreThoseOfSqlite3ExpandedSql(t *testing.T) {
	for want, value := range map[string]Value{
		"NULL":                  NullValue(),
		"0":                     IntegerValue(0),
		"-9223372036854775808":  IntegerValue(math.MinInt64),
		"0.0":                   FloatValue(0),
		"2.5":                   FloatValue(2.5),
		"0.1":                   FloatValue(0.1),
		"0.333333333333333":     FloatValue(1.0 / 3),
		"123456789012345.0":     FloatValue(123456789012345),
		"1.0e+15":               FloatValue(1e15),
		"-1.5e-07":              FloatValue(-1.5e-7),
		"1.79769313486232e+308": FloatValue(math.MaxFloat64),
		"Inf":                   FloatValue(math.Inf(1)),
		"-Inf":                  FloatValue(math.Inf(-1)),
		"'it''s'":               TextValue([]byte("it's")),
		"''":                    TextValue(nil),
		"x'00ff'":               BlobValue([]byte{0, 255}),
		"x''":                   BlobValue(nil),
	} {
		if got := value.Literal(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := FloatValue(math.NaN()).Literal(); got != "NULL" {
		t.Errorf("NaN: %s", got)
	}
}
