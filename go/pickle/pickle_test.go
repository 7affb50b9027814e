// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"math"
	"testing"

	"dqlitepy.dev/go/wire"
)

// The golden bytes are opcodes of pickle's protocol 5, as pickletools.dis names them.

func TestValuesBecomeTheirOpcodes(t *testing.T) {
	for want, value := range map[string]wire.Value{
		"N":                 wire.NullValue(),
		"K\x00":             wire.IntegerValue(0),
		"K\xff":             wire.IntegerValue(255),
		"M\x00\x01":         wire.IntegerValue(256),
		"M\xff\xff":         wire.IntegerValue(65535),
		"J\x00\x00\x01\x00": wire.IntegerValue(65536),
		"J\xff\xff\xff\xff": wire.IntegerValue(-1),
		"J\x00\x00\x00\x80": wire.IntegerValue(math.MinInt32),
		"\x8a\x08\x00\x00\x00\x80\x00\x00\x00\x00": wire.IntegerValue(1 << 31),
		"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80": wire.IntegerValue(math.MinInt64),
		"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f": wire.IntegerValue(math.MaxInt64),
		"G?\xf8\x00\x00\x00\x00\x00\x00":           wire.FloatValue(1.5),
		"G\x80\x00\x00\x00\x00\x00\x00\x00":        wire.FloatValue(math.Copysign(0, -1)),
		"X\x00\x00\x00\x00":                        wire.TextValue(nil),
		"X\x03\x00\x00\x00h\xc3\xa9":               wire.TextValue([]byte("hé")),
		"C\x00":                                    wire.BlobValue(nil),
		"C\x02N.":                                  wire.BlobValue([]byte("N.")),
		"B\x00\x01\x00\x00" + zeros256:             wire.BlobValue([]byte(zeros256)),
	} {
		got, _, err := AppendRow(nil, []wire.Value{value}, false)
		if err != nil || string(got) != want+"\x85" {
			t.Errorf("%v: got %q, want %q (%v)", value, got, want, err)
		}
	}
	iso := wire.Value{Type: wire.ISO8601, Bytes: []byte("x")}
	if got, _, _ := AppendRow(nil, []wire.Value{iso, {Type: wire.Boolean}, {Type: wire.UnixTime}}, false); string(got) != "X\x01\x00\x00\x00xK\x00K\x00\x87" {
		t.Errorf("dqlite's own types: %q", got)
	}
}

var zeros256 = string(make([]byte, 256))

func TestTuplesOfEverySize(t *testing.T) {
	for size, want := range []string{")", "N\x85", "NN\x86", "NNN\x87", "(NNNNt"} {
		row := make([]wire.Value, size)
		for i := range row {
			row[i] = wire.NullValue()
		}
		if got, _, err := AppendRow(nil, row, false); err != nil || string(got) != want {
			t.Errorf("%d values: %q, want %q (%v)", size, got, want, err)
		}
	}
}

func TestAWholeResult(t *testing.T) {
	buffer, err := AppendNames(Begin(nil), [][]byte{[]byte("a"), nil})
	if err != nil {
		t.Fatal(err)
	}
	buffer = BeginList(buffer)
	for _, number := range []int64{1, 2} {
		buffer, _, _ = AppendRow(buffer, []wire.Value{wire.IntegerValue(number), wire.NullValue()}, false)
	}
	buffer = End(Pair(EndList(buffer)))
	if want := "\x80\x05X\x01\x00\x00\x00aN\x86(K\x01N\x86K\x02N\x86l\x86."; string(buffer) != want {
		t.Errorf("got %q\nwant %q", buffer, want)
	}
}

func TestTextThatIsNotUTF8IsRefusedOrBytes(t *testing.T) {
	for _, text := range []string{"\xff", "a\xed\xa0\x80"} {
		row := []wire.Value{wire.NullValue(), wire.TextValue([]byte(text))}
		if _, column, err := AppendRow(nil, row, false); !errors.Is(err, ErrEncoding) || column != 1 {
			t.Errorf("%q: column %d, %v", text, column, err)
		}
		if got, _, err := AppendRow(nil, row, true); err != nil || string(got) != "N\x96"+string(rune(len(text)))+"\x00\x00\x00\x00\x00\x00\x00"+text+"\x86" {
			t.Errorf("%q as bytes: %q, %v", text, got, err)
		}
	}
	if _, err := AppendNames(nil, [][]byte{{0xff}}); !errors.Is(err, ErrEncoding) {
		t.Errorf("a name: %v", err)
	}
}
