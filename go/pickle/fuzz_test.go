// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"math"
	"testing"
	"unicode/utf8"

	"dqlitepy.dev/go/wire"
)

// Whatever page a server sends, the pickle of it holds its values and nothing else, as an unpickler of its own reads it.
func FuzzPage(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00a\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00text\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"), false)
	f.Add([]byte("\x04\x00\x00\x00\x00\x00\x00\x00a\x00\x00\x00\x00\x00\x00\x00b\x00\x00\x00\x00\x00\x00\x00c\x00\x00\x00\x00\x00\x00\x00d\x00\x00\x00\x00\x00\x00\x00"+
		"\x21\x54\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf8\x3f\x03\x00\x00\x00\x00\x00\x00\x00N.(\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xee\xee\xee\xee\xee\xee\xee\xee"), true)
	f.Fuzz(func(t *testing.T, body []byte, textAsBytes bool) {
		page, err := wire.DecodeRows(wire.Frame{Header: wire.Header{Type: wire.ResponseRows}, Body: body})
		if err != nil {
			return
		}
		names, err := AppendNames(Begin(nil), page.Names)
		if err != nil {
			return
		}
		var sent [][]wire.Value
		buffer := BeginList(names)
		for {
			row := make([]wire.Value, len(page.Names))
			if found, err := page.Next(row); err != nil || !found {
				break
			}
			before := len(buffer)
			if buffer, _, err = AppendRow(buffer, row, textAsBytes); err != nil {
				buffer = buffer[:before]
				continue
			}
			sent = append(sent, row)
		}
		object, err := unpickle(End(Pair(EndList(buffer))))
		if err != nil {
			t.Fatal(err)
		}
		compare(t, object, page.Names, sent, textAsBytes)
	})
}

func compare(t *testing.T, object any, names [][]byte, sent [][]wire.Value, textAsBytes bool) {
	t.Helper()
	pair := object.(tuple)
	got, rows := pair[0].(tuple), pair[1].(list)
	if len(pair) != 2 || len(got) != len(names) || len(rows) != len(sent) {
		t.Fatalf("%v for %q and %v", object, names, sent)
	}
	for i, name := range names {
		if got[i] != any(string(name)) && (name != nil || got[i] != nil) {
			t.Errorf("the name %q became %v", name, got[i])
		}
	}
	for i, row := range sent {
		values := rows[i].(tuple)
		if len(values) != len(row) {
			t.Fatalf("%v for %v", values, row)
		}
		for j := range row {
			if !same(values[j], row[j], textAsBytes) {
				t.Errorf("%v became %v", row[j], values[j])
			}
		}
	}
}

func same(got any, value wire.Value, textAsBytes bool) bool {
	switch value.Type {
	case wire.Null:
		return got == nil
	case wire.Float:
		number, is := got.(float64)
		return is && math.Float64bits(number) == math.Float64bits(value.Float())
	case wire.Text, wire.ISO8601:
		if textAsBytes {
			return got == any(byteArray(value.Bytes))
		}
		return utf8.Valid(value.Bytes) && got == any(string(value.Bytes))
	case wire.Blob:
		return got == any(blob(value.Bytes))
	default:
		return got == any(value.Int())
	}
}
