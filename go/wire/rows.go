// SPDX-License-Identifier: Apache-2.0

package wire

import "encoding/binary"

// The word that ends a page of rows. No header of a row looks like it: no type has the code 0xe or 0xf.
const (
	markerDone = 0xffffffffffffffff
	markerMore = 0xeeeeeeeeeeeeeeee
)

// typesPerWord is how many 4-bit type codes the header of a row packs into one word.
const typesPerWord = 16

// maxColumns is SQLite's own hard limit on the columns of a result.
const maxColumns = 32767

// Rows is one page of a result. The rows are decoded one by one with Next.
type Rows struct {
	Names [][]byte // of the columns, repeated in each page
	More  bool     // after Next returned false: another page follows
	rest  []byte
}

// DecodeRows decodes the beginning of a page.
func DecodeRows(frame Frame) (Rows, error) {
	if frame.Type != ResponseRows {
		return Rows{}, Errorf("a response of type %d where %d was due", frame.Type, ResponseRows)
	}
	return decodeNames(frame.Body)
}

func decodeNames(body []byte) (Rows, error) {
	r := reader{rest: body}
	count := r.word()
	if r.failed == nil && (count > maxColumns || count > uint64(len(r.rest)/wordSize)) {
		return Rows{}, Errorf("%d columns in a page of %d bytes", count, len(body))
	}
	names := make([][]byte, count)
	for i := range names {
		names[i] = r.text()
	}
	return Rows{Names: names, rest: r.rest}, r.failed
}

// Next decodes the next row into row, which holds one Value for each column. It returns false at the end of the page.
func (rows *Rows) Next(row []Value) (bool, error) {
	if len(rows.rest) < wordSize {
		return false, Errorf("a page of rows without an end")
	}
	switch marker := binary.LittleEndian.Uint64(rows.rest); marker {
	case markerDone, markerMore:
		rows.More = marker == markerMore
		if extra := len(rows.rest) - wordSize; extra != 0 {
			return false, Errorf("%d bytes behind the end of a page of rows", extra)
		}
		return false, nil
	}
	if len(row) == 0 {
		return false, Errorf("a row without columns")
	}
	headerSize := (len(row) + typesPerWord - 1) / typesPerWord * wordSize
	if headerSize > len(rows.rest) {
		return false, Errorf("a page that ends within the header of a row")
	}
	header, rest := rows.rest, rows.rest[headerSize:]
	// Each field is written where it stays: a Value that is copied just after its parts were written waits for them to
	// leave the processor, which took more than half of the time of decoding.
	for i := range row {
		value := &row[i]
		value.Type = Type(header[i/2] >> (i % 2 * 4) & 0xf)
		switch value.Type {
		case Integer, Float, UnixTime, Boolean, Null:
			if len(rest) < wordSize {
				return false, Errorf("a page that ends within a row")
			}
			value.word, value.Bytes = binary.LittleEndian.Uint64(rest), nil
			rest = rest[wordSize:]
		case Text, ISO8601:
			size := textSize(rest)
			if size < 0 {
				return false, Errorf("a text that does not end")
			}
			value.word, value.Bytes = 0, rest[:size:size]
			rest = rest[size+wordSize-size%wordSize:]
		case Blob:
			r := reader{rest: rest}
			value.word, value.Bytes = 0, r.blob()
			if r.failed != nil {
				return false, r.failed
			}
			rest = r.rest
		default:
			return false, Errorf("a value of an unknown type")
		}
	}
	rows.rest = rest
	return true, nil
}

func (rows *Rows) skipRow() error {
	found, err := rows.Next(make([]Value, len(rows.Names)))
	if err == nil && !found {
		return Errorf("the end of the rows")
	}
	return err
}
