// SPDX-License-Identifier: Apache-2.0

package marshal

import (
	"errors"
	"math"
	"strings"
	"testing"

	"dqlitepy.dev/go/wire"
)

// What marshal.dumps((None, 1, -1, 2**31, -2**31 - 1, 2**63 - 1, -2**63, 1.5, "hé", b"\0\xff", ""), 2) gives.
const everyType = "(\x0b\x00\x00\x00" + "N" + "i\x01\x00\x00\x00" + "i\xff\xff\xff\xff" +
	"l\x03\x00\x00\x00\x00\x00\x00\x00\x02\x00" + "l\xfd\xff\xff\xff\x01\x00\x00\x00\x02\x00" +
	"l\x05\x00\x00\x00\xff\x7f\xff\x7f\xff\x7f\xff\x7f\x07\x00" + "l\xfb\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00" +
	"g\x00\x00\x00\x00\x00\x00\xf8?" + "u\x03\x00\x00\x00h\xc3\xa9" + "s\x02\x00\x00\x00\x00\xff" + "u\x00\x00\x00\x00"

func TestTupleOfEveryType(t *testing.T) {
	values, err := Tuple([]byte(everyType), nil)
	if err != nil || len(values) != 11 {
		t.Fatalf("%d values: %v", len(values), err)
	}
	integers := []int64{1, -1, 1 << 31, -1<<31 - 1, math.MaxInt64, math.MinInt64}
	for i, want := range integers {
		if got := values[1+i]; got.Type != wire.Integer || got.Int() != want {
			t.Errorf("integer %d came as %v", want, got)
		}
	}
	if values[0].Type != wire.Null || values[7].Float() != 1.5 || string(values[8].Bytes) != "hé" ||
		values[9].Type != wire.Blob || string(values[9].Bytes) != "\x00\xff" || values[10].Type != wire.Text {
		t.Errorf("values %v", values)
	}
}

func TestIntsBeyond64BitsOverflow(t *testing.T) {
	for name, data := range map[string]string{
		"2**63":     "l\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00",
		"-2**63-1":  "l\xfb\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x08\x00",
		"2**64":     "l\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00",
		"-(2**64)":  "l\xfb\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00",
		"2**70":     "l\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04",
		"2**90 - 1": "l\x06\x00\x00\x00\xff\x7f\xff\x7f\xff\x7f\xff\x7f\xff\x7f\xff\x7f",
	} {
		if _, err := Tuple([]byte("(\x01\x00\x00\x00"+data), nil); !errors.Is(err, ErrOverflow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTextThatCannotCrossIsRefused(t *testing.T) {
	for text, want := range map[string]error{"a\x00b": ErrNUL, "\xed\xa0\x80": ErrSurrogate, "\xff": ErrSurrogate} {
		data := "(\x01\x00\x00\x00u" + string([]byte{byte(len(text)), 0, 0, 0}) + text
		if _, err := Tuple([]byte(data), nil); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "parameter 1: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRowsAreReadOneByOne(t *testing.T) {
	rows, err := NewRows([]byte("[\x03\x00\x00\x00" + "(\x01\x00\x00\x00i\x07\x00\x00\x00" + "(\x00\x00\x00\x00" + "(\x01\x00\x00\x00."))
	if err != nil || rows.Len() != 3 {
		t.Fatalf("%v", err)
	}
	if row, err := rows.Next(nil); err != nil || len(row) != 1 || row[0].Int() != 7 {
		t.Errorf("first row %v: %v", row, err)
	}
	if row, err := rows.Next(nil); err != nil || len(row) != 0 {
		t.Errorf("empty row %v: %v", row, err)
	}
	if _, err := rows.Next(nil); err == nil {
		t.Error("Ellipsis was accepted")
	}
	if _, err := rows.Next(nil); err == nil || rows.Len() != 0 {
		t.Error("a fourth of three rows was read")
	}
}

func TestForeignStreamsAreErrors(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":                     "",
		"a list instead of a tuple":   "[\x00\x00\x00\x00",
		"Ellipsis":                    "(\x01\x00\x00\x00.",
		"a nested tuple":              "(\x01\x00\x00\x00(\x00\x00\x00\x00",
		"a reference":                 "(\x01\x00\x00\x00r\x00\x00\x00\x00",
		"an opcode with its flag bit": "(\x01\x00\x00\x00\xcei",
		"more values than bytes":      "(\xff\xff\xff\xff",
		"a text longer than all":      "(\x01\x00\x00\x00u\xff\xff\xff\x7fabc",
		"an int of 2**31 digits":      "(\x01\x00\x00\x00l\x00\x00\x00\x80ab",
		"an int that is cut":          "(\x01\x00\x00\x00i\x00\x00",
		"bytes behind the end":        "(\x00\x00\x00\x00N",
	} {
		if _, err := Tuple([]byte(data), nil); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := NewRows([]byte(everyType)); err == nil {
		t.Error("a tuple was accepted as a list of them")
	}
}

func FuzzTuple(f *testing.F) {
	f.Add([]byte(everyType))
	f.Fuzz(func(t *testing.T, data []byte) {
		values, err := Tuple(data, nil)
		if err == nil && len(values) > len(data) {
			t.Errorf("%d values out of %d bytes", len(values), len(data))
		}
		if rows, err := NewRows(data); err == nil {
			for rows.Len() > 0 && err == nil {
				_, err = rows.Next(nil)
			}
		}
	})
}

func TestCheckTellsWhetherAllRowsCanCross(t *testing.T) {
	list := func(count byte, rows string) []byte { return []byte("[" + string([]byte{count, 0, 0, 0}) + rows) }
	one := func(value string) string { return "(\x01\x00\x00\x00" + value }
	for name, test := range map[string]struct {
		data  []byte
		blobs bool
		fits  bool
	}{
		"no rows":                  {list(0, ""), false, true},
		"every type":               {list(2, one("T")+everyType), true, true},
		"without bytes":            {list(3, one("F")+one("N")+one("u\x01\x00\x00\x00x")), false, true},
		"a list for a tuple":       {list(1, "[\x01\x00\x00\x00N"), false, false},
		"a tuple for the list":     {[]byte(one(one("N"))), false, false},
		"a tuple for a value":      {list(1, one(one("N"))), false, false},
		"more rows than there are": {list(2, one("N")), false, false},
		"bytes behind the rows":    {list(1, one("N")+"N"), false, false},
		"a NUL in the second row":  {list(2, one("N")+one("u\x01\x00\x00\x00\x00")), false, false},
		"an int of 64 bits":        {list(1, one("l\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00")), false, false},
	} {
		if blobs, err := Check(test.data); blobs != test.blobs || (err == nil) != test.fits {
			t.Errorf("%s: blobs %v, %v", name, blobs, err)
		}
	}
}

func TestBoolsAreIntegers(t *testing.T) {
	values, err := Tuple([]byte("(\x02\x00\x00\x00TF"), nil)
	if err != nil || len(values) != 2 || values[0].Type != wire.Integer || values[0].Int() != 1 || values[1].Int() != 0 {
		t.Errorf("values %v: %v", values, err)
	}
}
