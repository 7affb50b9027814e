// SPDX-License-Identifier: Apache-2.0

package functions

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// statement is one that calls a function.
type statement struct{ interrupted, stored bool }

func (s statement) Interrupted() bool { return s.interrupted }

func (s statement) Stored() bool { return s.stored }

func argument(value any) Value {
	switch value := value.(type) {
	case int:
		return integer(int64(value))
	case float64:
		return Value{Kind: Real, Real: value}
	case string:
		return text(value)
	case []byte:
		return Value{Kind: Blob, Bytes: value}
	}
	return Value{}
}

// called is the result as text, or the error.
func called(t *testing.T, s Statement, name string, given ...any) string {
	t.Helper()
	arguments := make([]Value, len(given))
	for i, value := range given {
		arguments[i] = argument(value)
	}
	for _, scalar := range Scalars() {
		if scalar.Name != name {
			continue
		}
		if scalar.Arguments != len(given) {
			t.Fatalf("%s has %d arguments", name, scalar.Arguments)
		}
		result, err := scalar.Call(s, arguments)
		if err != nil {
			return "error: " + err.Error()
		}
		if result.Fill != nil {
			result.Bytes = make([]byte, result.Size)
			result.Fill(result.Bytes)
		}
		if result.Kind == Blob || result.Kind == Text {
			return string(result.Bytes)
		}
		return result.String()
	}
	t.Fatalf("there is no %s", name)
	return ""
}

func TestScalars(t *testing.T) {
	for _, check := range []struct {
		want  string
		name  string
		given []any
	}{
		{"ßäh", "reverse", []any{"häß"}},
		{"\xffa", "reverse", []any{"a\xff"}},
		{"\xa4\xc3", "reverse", []any{[]byte("ä")}},
		{"abab", "repeat", []any{"ab", 2}},
		{"", "repeat", []any{"ab", -2}},
		{"error: string or blob too big", "repeat", []any{"ab", math.MaxInt64}},
		{"error: repeat(): \"x\" is no integer", "repeat", []any{"ab", "x"}},
		{"NULL", "repeat", []any{nil, 2}},
		{"xyxya", "lpad", []any{"a", 5, "xy"}},
		{"ax€x", "rpad", []any{"a", 4, "x€"}},
		{"ä", "lpad", []any{"äß", -1, "x"}},
		{"", "rpad", []any{"äß", math.MinInt64, "x"}},
		{"a", "rpad", []any{"a", math.MaxInt64, ""}},
		{"error: string or blob too big", "lpad", []any{"a", math.MaxInt64, "x"}},
		{"6", "bitxor", []any{5, 3}},
		{"error: cot(): division by zero", "cot", []any{0}},
		{"900150983cd24fb0d6963f7d28e17f72", "md5", []any{"abc"}},
		{"a9993e364706816aba3e25717850c26c9cd0d89d", "sha1", []any{[]byte("abc")}},
		{"error: sha2(): the length is 224, 256, 384 or 512 bits, not 1", "sha2", []any{"abc", 1}},
		{"1", "regexp", []any{`^(?P<first>.)\1(?P=first)$`, "aaa"}},
		{"0", "regexp", []any{"x", "abc"}},
		{"NULL", "regexp", []any{"x", nil}},
		{"1", "regexp", []any{`^1\.5$`, 1.5}},
		{"error: regexp(): 1 is no pattern", "regexp", []any{1, "abc"}},
	} {
		if got := called(t, statement{}, check.name, check.given...); got != check.want {
			t.Errorf("%s%q is %q, want %q", check.name, check.given, got, check.want)
		}
	}
}

func TestDates(t *testing.T) {
	for _, check := range []struct {
		want  string
		name  string
		given []any
	}{
		{"2024-02-26", "django_date_trunc", []any{"week", "2024-02-29", nil, nil}},
		{"53", "django_date_extract", []any{"week", "2021-01-03"}},
		{"2020", "django_date_extract", []any{"iso_year", "2021-01-03"}},
		{"2020-07-01 12:00:00", "django_datetime_trunc", []any{"hour", "2020-07-01 10:20:30", "Europe/Berlin", "UTC"}},
		{"2020-07-01", "django_datetime_cast_date", []any{"2020-06-30 23:30:00", "UTC+05:30", "UTC"}},
		{"02:30:00.000005", "django_datetime_cast_time", []any{"2020-10-25 00:30:00.000005", "Europe/Berlin", "UTC"}},
		{"NULL", "django_datetime_extract", []any{"year", "2021-02-29 00:00:00", nil, nil}},
		{"error: django_datetime_extract(): a date has no time", "django_datetime_extract", []any{"hour", "2021-02-28", nil, nil}},
		{"error: django_datetime_extract(): there is no time zone \"../passwd\"", "django_datetime_extract", []any{"hour", "2021-02-28 00:00:00", "../passwd", "UTC"}},
		{"error: django_datetime_extract(): there is no time zone \"/etc/localtime\"", "django_datetime_extract", []any{"hour", "2021-02-28 00:00:00", "/etc/localtime", "UTC"}},
		{"error: django_datetime_trunc(): the date is not between the years 1 and 9999", "django_datetime_trunc", []any{"day", "0001-01-01 00:00:00", "America/New_York", "UTC"}},
		{"10:20:00", "django_time_trunc", []any{"minute", "10:20:30.5", nil, nil}},
		{"500000", "django_time_extract", []any{"microsecond", "10:20:30.5"}},
		{"-1500000", "django_time_diff", []any{"10:20:30", "10:20:31.5"}},
		{"86400000001", "django_timestamp_diff", []any{"2021-03-01 00:00:00.000001", "2021-02-28 00:00:00"}},
		{"-1 day, 23:59:59.999999", "django_format_dtdelta", []any{"-", 0, 1}},
		{"2021-03-01 00:00:00.500000", "django_format_dtdelta", []any{"+", "2021-02-28 23:59:59", 1500000}},
		{"error: django_format_dtdelta(): the date is not between the years 1 and 9999", "django_format_dtdelta", []any{"-", "2021-02-28 23:59:59", math.MinInt64}},
		{"error: django_format_dtdelta(): the product is no integer of 64 bits", "django_format_dtdelta", []any{"*", math.MaxInt64, 2}},
	} {
		if got := called(t, statement{}, check.name, check.given...); got != check.want {
			t.Errorf("%s%q is %q, want %q", check.name, check.given, got, check.want)
		}
	}
}

func TestTheCalendarIsWhole(t *testing.T) {
	for days := int64(1); days <= mostDays; days++ {
		f := (moment{days: days}).fields()
		back, fine := f.moment()
		if !fine || back.days != days {
			t.Fatalf("day %d is %s, which is day %d", days, f.date(), back.days)
		}
	}
	if last := (moment{days: mostDays}).String(); last != "9999-12-31 00:00:00" {
		t.Error(last)
	}
}

func TestAConversionOfZonesIsNotStored(t *testing.T) {
	given := []any{"hour", "2020-07-01 10:20:30", "Europe/Berlin", "UTC"}
	if got := called(t, statement{stored: true}, "django_datetime_trunc", given...); !strings.Contains(got, "generated column") {
		t.Error(got)
	}
	given[2] = "UTC"
	if got := called(t, statement{stored: true}, "django_datetime_trunc", given...); got != "2020-07-01 10:00:00" {
		t.Error(got)
	}
}

func TestAHashCanBeInterrupted(t *testing.T) {
	large := make([]byte, 1<<23)
	if got := called(t, statement{interrupted: true}, "sha512", large); got != "error: interrupted" {
		t.Error(got)
	}
}

// The sums are compared with fractions, row by row, as numbers come and go.
func TestMomentsAreExact(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	special := []float64{0, math.SmallestNonzeroFloat64, math.MaxFloat64, -math.MaxFloat64, 0.1, 1 << 53}
	for range 200 {
		var state State
		var kept []float64
		for range 20 {
			value := special[chance.IntN(len(special))] * (1 - 2*float64(chance.IntN(2)))
			if chance.IntN(2) == 0 {
				value = (chance.Float64() - 0.5) * math.Pow(10, float64(chance.IntN(600)-300))
			}
			kept = append(kept, value)
			if err := state.count1(argument(value), 1); err != nil {
				t.Fatal(err)
			}
			if chance.IntN(3) == 0 {
				if err := state.count1(argument(kept[0]), -1); err != nil {
					t.Fatal(err)
				}
				kept = kept[1:]
			}
			check(t, &state, kept)
		}
	}
}

func check(t *testing.T, state *State, kept []float64) {
	t.Helper()
	if len(kept) == 0 {
		if state.variance(0) != nil {
			t.Fatal("something is left of nothing")
		}
		return
	}
	n := new(big.Rat).SetInt64(int64(len(kept)))
	mean, want := new(big.Rat), new(big.Rat)
	for _, value := range kept {
		mean.Add(mean, new(big.Rat).SetFloat64(value))
	}
	mean.Quo(mean, n)
	for _, value := range kept {
		away := new(big.Rat).SetFloat64(value)
		away.Sub(away, mean)
		want.Add(want, away.Mul(away, away))
	}
	want.Quo(want, n)
	if got := state.variance(0); got.Cmp(want) != 0 {
		t.Fatalf("the variance of %v is %v, want %v", kept, got, want)
	}
}
