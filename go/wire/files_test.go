// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func word(number byte) string { return string([]byte{number, 0, 0, 0, 0, 0, 0, 0}) }

// readFiles reads an answer to DUMP to its end, in pieces of at most size bytes, and returns what it was told.
func readFiles(kind uint8, body []byte, size uint64) (told string, err error) {
	rest := body
	next := func(size uint64) ([]byte, error) {
		if size > uint64(len(rest)) {
			return nil, errors.New("read beyond the body")
		}
		piece := rest[:size]
		rest = rest[size:]
		return piece, nil
	}
	files, err := OpenFiles(Header{Words: uint32(len(body) / 8), Type: kind}, next)
	for err == nil {
		name, length, found, failed := files.Open()
		if failed != nil || !found {
			return told, failed
		}
		told += fmt.Sprintf("%s:%d:", name, length)
		for err == nil {
			var piece []byte
			if piece, err = files.Read(size); len(piece) == 0 {
				break
			}
			told += string(piece) + "|"
		}
	}
	return told, err
}

func TestDumpIsEncodedAsDqliteReadsIt(t *testing.T) {
	if got := string(AppendDump(nil, "main")); got != "\x01\x00\x00\x00\x0f\x00\x00\x00main\x00\x00\x00\x00" {
		t.Errorf("%q", got)
	}
}

func TestFilesComeInPieces(t *testing.T) {
	body := words(word(2), "main\x00\x00\x00\x00", word(16), "01234567", "89abcdef", "main-wal", word(0), word(0))
	for size, want := range map[uint64]string{
		100: "main:16:0123456789abcdef|main-wal:0:",
		16:  "main:16:0123456789abcdef|main-wal:0:",
		10:  "main:16:0123456789|abcdef|main-wal:0:",
	} {
		if told, err := readFiles(ResponseFiles, body, size); err != nil || told != want {
			t.Errorf("pieces of %d: %q, %v", size, told, err)
		}
	}
}

func TestFilesThatLieAreErrors(t *testing.T) {
	name := "main\x00\x00\x00\x00"
	for why, body := range map[string]string{
		"nothing":                     "",
		"a file too many":             word(2) + name + word(0),
		"a file too few":              word(0) + name + word(0),
		"bytes behind the last":       word(1) + name + word(0) + word(7),
		"a file longer than the rest": word(1) + name + word(16) + "01234567",
		"a file of 2^63 bytes":        word(1) + name + "\x00\x00\x00\x00\x00\x00\x00\x80",
		"a file of an odd size":       word(1) + name + word(5) + "01234567",
		"a name that does not end":    word(1) + "01234567",
		"a name longer than any":      word(1) + strings.Repeat("x", 5000) + word(0),
		"a name without its size":     word(1) + name,
		"an endless number of files":  "\xff\xff\xff\xff\xff\xff\xff\xff" + name + word(0),
	} {
		_, err := readFiles(ResponseFiles, []byte(body), 8)
		if !errors.As(err, new(*Error)) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := readFiles(ResponseRows, words(word(0)), 8); !errors.As(err, new(*Error)) {
		t.Errorf("rows were taken for files: %v", err)
	}
}

func TestAFileThatNobodyReadsIsNotSkipped(t *testing.T) {
	body := words(word(2), "main\x00\x00\x00\x00", word(8), "01234567", "main-wal", word(0), word(0))
	next := func(size uint64) ([]byte, error) {
		piece := body[:size]
		body = body[size:]
		return piece, nil
	}
	files, _ := OpenFiles(Header{Words: uint32(len(body) / 8), Type: ResponseFiles}, next)
	files.Open()
	if _, _, _, err := files.Open(); err == nil {
		t.Error("it was")
	}
}

func FuzzFiles(f *testing.F) {
	f.Add(words(word(1), "main\x00\x00\x00\x00", word(8), "01234567"), uint64(3))
	f.Fuzz(func(t *testing.T, body []byte, size uint64) {
		body = body[:len(body)/8*8]
		if _, err := readFiles(ResponseFiles, body, max(size, 1)); err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
