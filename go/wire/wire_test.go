// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
)

// The golden bytes are dqlite's wire format written out by hand, one word of 8 bytes a string.
func words(parts ...string) []byte { return []byte(strings.Join(parts, "")) }

func TestRequestsAreEncodedAsDqliteReadsThem(t *testing.T) {
	cases := []struct {
		name string
		got  []byte
		want []byte
	}{
		{"handshake", AppendHandshake(nil), words("\x01\x00\x00\x00\x00\x00\x00\x00")},
		{"leader", AppendLeader(nil), words("\x01\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"open", AppendOpen(nil, "main", 0, 0), words("\x03\x00\x00\x00\x03\x00\x00\x00",
			"main\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"a text of a whole word has its NUL in the next", AppendPrepare(nil, "SELECT 1"), words("\x03\x00\x00\x00\x04\x00\x00\x00",
			"\x00\x00\x00\x00\x00\x00\x00\x00", "SELECT 1", "\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"finalize", AppendFinalize(nil, 7), words("\x01\x00\x00\x00\x07\x00\x00\x00", "\x00\x00\x00\x00\x07\x00\x00\x00")},
		{"interrupt", AppendInterrupt(nil), words("\x01\x00\x00\x00\x0a\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"exec without parameters", AppendExec(nil, 2, nil), words("\x01\x00\x00\x00\x05\x00\x00\x00", "\x00\x00\x00\x00\x02\x00\x00\x00")},
		{"every type of parameter", AppendQuerySQL(nil, "x", []Value{
			IntegerValue(-2), FloatValue(1.5), TextValue([]byte("h\xc3\xa9")), BlobValue([]byte{0, 1}), NullValue(), BlobValue(nil),
		}), words("\x0a\x00\x00\x00\x09\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00", "x\x00\x00\x00\x00\x00\x00\x00",
			"\x06\x01\x02\x03\x04\x05\x04\x00",
			"\xfe\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\xf8\x3f", "h\xc3\xa9\x00\x00\x00\x00\x00",
			"\x02\x00\x00\x00\x00\x00\x00\x00", "\x00\x01\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00",
			"\x00\x00\x00\x00\x00\x00\x00\x00")},
	}
	for _, c := range cases {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, c.got, c.want)
		}
	}
}

func TestMoreThan255ParametersTakeTheLongSchema(t *testing.T) {
	for _, count := range []int{255, 256} {
		request := AppendExecSQL(nil, "", make([]Value, count))
		header, err := DecodeHeader(request)
		if err != nil || int(header.BodySize()) != len(request)-HeaderSize {
			t.Fatalf("%d parameters: %d words in %d bytes (%v)", count, header.Words, len(request), err)
		}
		tuple := request[HeaderSize+16:]
		short := header.Schema == 0 && tuple[0] == 255 && len(tuple) == 256+255*8
		long := header.Schema == 1 && tuple[0] == 0 && tuple[1] == 1 && len(tuple) == 264+256*8
		if count == 255 && !short || count == 256 && !long {
			t.Errorf("%d parameters: schema %d, %d bytes", count, header.Schema, len(tuple))
		}
	}
}

func frame(kind uint8, body []byte) Frame {
	return Frame{Header{Words: uint32(len(body) / 8), Type: kind}, body}
}

func TestResponsesAreDecoded(t *testing.T) {
	server, err := DecodeServer(frame(ResponseServer, words("\x05\x00\x00\x00\x00\x00\x00\x00", "a:1\x00\x00\x00\x00\x00")))
	if err != nil || server != (Server{5, "a:1"}) {
		t.Errorf("server: %v %v", server, err)
	}
	stmt, err := DecodeStmt(frame(ResponseStmt, words("\x00\x00\x00\x00\x03\x00\x00\x00", "\x02\x00\x00\x00\x00\x00\x00\x00")))
	if err != nil || stmt != (Stmt{3, 2}) {
		t.Errorf("stmt: %v %v", stmt, err)
	}
	result, err := DecodeResult(frame(ResponseResult, words("\xff\xff\xff\xff\xff\xff\xff\xff", "\x02\x00\x00\x00\x00\x00\x00\x00")))
	if err != nil || result != (Result{-1, 2}) {
		t.Errorf("result: %v %v", result, err)
	}
	if _, err := DecodeDB(frame(ResponseDB, words("\x00\x00\x00\x00\x00\x00\x00\x00"))); err != nil {
		t.Errorf("db: %v", err)
	}
	failure, err := DecodeFailure(frame(ResponseFailure, words("\x05\x00\x00\x00\x00\x00\x00\x00", "locked\x00\x00")))
	if err != nil || failure != (Failure{5, "locked"}) {
		t.Errorf("failure: %v %v", failure, err)
	}
}

const (
	oneColumn = "\x01\x00\x00\x00\x00\x00\x00\x00" + "x\x00\x00\x00\x00\x00\x00\x00"
	done      = "\xff\xff\xff\xff\xff\xff\xff\xff"
	more      = "\xee\xee\xee\xee\xee\xee\xee\xee"
)

func TestRowsHoldEveryType(t *testing.T) {
	body := words("\x08\x00\x00\x00\x00\x00\x00\x00",
		"a\x00\x00\x00\x00\x00\x00\x00", "b\x00\x00\x00\x00\x00\x00\x00", "c\x00\x00\x00\x00\x00\x00\x00", "d\x00\x00\x00\x00\x00\x00\x00",
		"e\x00\x00\x00\x00\x00\x00\x00", "f\x00\x00\x00\x00\x00\x00\x00", "g\x00\x00\x00\x00\x00\x00\x00", "h\x00\x00\x00\x00\x00\x00\x00",
		"\x21\x43\x95\xba\x00\x00\x00\x00", // 1 2 3 4 5 9 10 11
		"\xff\xff\xff\xff\xff\xff\xff\xff"[:7]+"\x7f", "\x00\x00\x00\x00\x00\x00\xf8\x7f", "t\x00\x00\x00\x00\x00\x00\x00",
		"\x01\x00\x00\x00\x00\x00\x00\x00", "z------\xff", "\x00\x00\x00\x00\x00\x00\x00\x00", "\x10\x00\x00\x00\x00\x00\x00\x00",
		"1970\x00\x00\x00\x00", "\x01\x00\x00\x00\x00\x00\x00\x00", more)
	rows, err := DecodeRows(frame(ResponseRows, body))
	if err != nil || len(rows.Names) != 8 || string(rows.Names[7]) != "h" {
		t.Fatalf("names %q: %v", rows.Names, err)
	}
	row := make([]Value, 8)
	if found, err := rows.Next(row); !found || err != nil {
		t.Fatalf("no row: %v", err)
	}
	if row[0].Int() != math.MaxInt64 || !math.IsNaN(row[1].Float()) || string(row[2].Bytes) != "t" || string(row[3].Bytes) != "z" ||
		row[4].Type != Null || row[5].Type != UnixTime || row[5].Int() != 16 || string(row[6].Bytes) != "1970" ||
		row[7].Type != Boolean || row[7].Int() != 1 {
		t.Errorf("row %v", row)
	}
	if found, err := rows.Next(row); found || err != nil || !rows.More {
		t.Errorf("the page should end with more to come: %v %v %v", found, rows.More, err)
	}
}

func TestAFailureBehindHalfAResultIsFound(t *testing.T) {
	failure := words("\x06\x07\x00\x00\x00\x00\x00\x00", "UNIQUE c", "onstraint failed", "\x00\x00\x00\x00\x00\x00\x00\x00")
	row := words("\x01\x00\x00\x00\x00\x00\x00\x00", "\x2a\x00\x00\x00\x00\x00\x00\x00")
	for name, prefix := range map[string][]byte{
		"the header":                        words(oneColumn),
		"no columns":                        words("\x00\x00\x00\x00\x00\x00\x00\x00"),
		"a row":                             append(words(oneColumn), row...),
		"two rows":                          append(append(words(oneColumn), row...), row...),
		"a row that looks like a code":      append(words(oneColumn), words("\x03\x00\x00\x00\x00\x00\x00\x00", "abc\x00\x00\x00\x00\x00")...),
		"a page of five columns, no row":    words("\x05\x00\x00\x00\x00\x00\x00\x00", "database", "\x00\x00\x00\x00\x00\x00\x00\x00", "b\x00\x00\x00\x00\x00\x00\x00", "c\x00\x00\x00\x00\x00\x00\x00", "d\x00\x00\x00\x00\x00\x00\x00", "e\x00\x00\x00\x00\x00\x00\x00"),
		"half a row, the code its other":    append(words("\x02\x00\x00\x00\x00\x00\x00\x00", "x\x00\x00\x00\x00\x00\x00\x00", "y\x00\x00\x00\x00\x00\x00\x00"), words("\x13\x00\x00\x00\x00\x00\x00\x00", "abc\x00\x00\x00\x00\x00")...),
		"the first half of a row of a blob": append(words(oneColumn), words("\x04\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\x00\x00\x00\x00\x00")...),
	} {
		got, err := DecodeFailure(frame(ResponseFailure, append(prefix[:len(prefix):len(prefix)], failure...)))
		if err != nil || got != (Failure{1798, "UNIQUE constraint failed"}) {
			t.Errorf("behind %s: %v %v", name, got, err)
		}
	}
}

func TestTextsOfAnyLength(t *testing.T) {
	for _, character := range []string{"a", "\x01", "\x80", "\xff"} { // beside a NUL, those that arithmetic could take for one
		for size := range 100 {
			text := strings.Repeat(character, size)
			padded := text + strings.Repeat("\x00", 8-size%8)
			body := words(oneColumn, "\x03\x00\x00\x00\x00\x00\x00\x00", padded)
			rows, err := DecodeRows(frame(ResponseRows, append(body[:len(body):len(body)], words("\x01\x00\x00\x00\x00\x00\x00\x00", "behind--", done)...)))
			if err != nil {
				t.Fatal(err)
			}
			row := make([]Value, 1)
			if found, err := rows.Next(row); !found || err != nil || row[0].Type != Text || string(row[0].Bytes) != text {
				t.Errorf("%d times %q: %q %v", size, character, row[0].Bytes, err)
			}
			if found, err := rows.Next(row); !found || err != nil || row[0].Type != Integer || row[0].Bytes != nil {
				t.Errorf("behind %d times %q: %v %v", size, character, row, err)
			}
			for cut := 1; cut <= len(padded); cut++ {
				if err := readAll(body[: len(body)-cut : len(body)-cut]); err == nil {
					t.Errorf("%d times %q without the last %d bytes was accepted", size, character, cut)
				}
			}
		}
	}
}

func TestHostileBytesAreErrors(t *testing.T) {
	rows := map[string]string{
		"nothing":                   "",
		"half a word":               "\x01\x00\x00\x00",
		"more columns than bytes":   "\xff\xff\xff\xff\xff\xff\xff\x7f" + done,
		"a name that does not end":  "\x01\x00\x00\x00\x00\x00\x00\x00" + "xxxxxxxx",
		"no end":                    oneColumn,
		"a row without columns":     "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00" + done,
		"a value that is cut":       oneColumn + "\x01\x00\x00\x00\x00\x00\x00\x00",
		"a text that does not end":  oneColumn + "\x03\x00\x00\x00\x00\x00\x00\x00" + "xxxxxxxx",
		"a blob longer than all":    oneColumn + "\x04\x00\x00\x00\x00\x00\x00\x00" + "\xff\xff\xff\xff\xff\xff\xff\xff" + done,
		"a blob of 2^63 bytes":      oneColumn + "\x04\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x80" + done,
		"an unknown type":           oneColumn + "\x06\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + done,
		"something behind the end":  oneColumn + done + done,
		"a header of types, no row": oneColumn + "\x01\x00\x00\x00\x00\x00\x00",
	}
	for name, body := range rows {
		if err := readAll([]byte(body)); err == nil {
			t.Errorf("%s was accepted", name)
		} else if protocol := (*Error)(nil); !errors.As(err, &protocol) {
			t.Errorf("%s: %T", name, err)
		}
	}
	if _, err := DecodeResult(frame(ResponseResult, words("\x00\x00\x00\x00\x00\x00\x00\x00"))); err == nil {
		t.Error("half a result was accepted")
	}
	if _, err := DecodeResult(frame(ResponseRows, make([]byte, 16))); err == nil {
		t.Error("rows were accepted as a result")
	}
	if _, err := DecodeFailure(frame(ResponseFailure, words("\x01\x00\x00\x00\x00\x00\x00\x00"))); err == nil {
		t.Error("half a failure was accepted")
	}
	for _, code := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x01\x00\x00\x00", "\x00\x00\x00\x80\x00\x00\x00\x00"} {
		if got, err := DecodeFailure(frame(ResponseFailure, words(code, "locked\x00\x00"))); err == nil {
			t.Errorf("%+v: a code of more than 31 bits was accepted", got)
		}
	}
	if _, err := DecodeHeader([]byte{1, 2, 3}); err == nil {
		t.Error("half a header was accepted")
	}
}

func readAll(body []byte) error {
	rows, err := DecodeRows(frame(ResponseRows, body))
	if err != nil {
		return err
	}
	row := make([]Value, len(rows.Names))
	for {
		if found, err := rows.Next(row); err != nil || !found {
			return err
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add(words(oneColumn, done))
	f.Add(words(oneColumn, "\x04\x00\x00\x00\x00\x00\x00\x00", "\x09\x00\x00\x00\x00\x00\x00\x00", "12345678", "9-------", more))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := readAll(body); err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

func FuzzSmallResponses(f *testing.F) {
	f.Add(words(oneColumn, "\x05\x00\x00\x00\x00\x00\x00\x00", "locked\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for kind := range uint8(10) {
			_, failed := DecodeFailure(frame(kind, body))
			_, server := DecodeServer(frame(kind, body))
			_, stmt := DecodeStmt(frame(kind, body))
			_, result := DecodeResult(frame(kind, body))
			_, db := DecodeDB(frame(kind, body))
			for _, err := range []error{failed, server, stmt, result, db, DecodeEmpty(frame(kind, body))} {
				if err != nil && !errors.As(err, new(*Error)) {
					t.Errorf("%T: %v", err, err)
				}
			}
		}
	})
}
