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
	header := rows.rest
	r := reader{rest: rows.rest[headerSize:]}
	for i := range row {
		row[i] = r.value(Type(header[i/2] >> (i % 2 * 4) & 0xf))
	}
	if r.failed != nil {
		return false, r.failed
	}
	rows.rest = r.rest
	return true, nil
}

func (rows *Rows) skipRow() error {
	found, err := rows.Next(make([]Value, len(rows.Names)))
	if err == nil && !found {
		return Errorf("the end of the rows")
	}
	return err
}

func (r *reader) value(kind Type) Value {
	switch kind {
	case Text, ISO8601:
		return Value{Type: kind, Bytes: r.text()}
	case Blob:
		return Value{Type: kind, Bytes: r.blob()}
	case Integer, Float, UnixTime, Boolean:
		return Value{Type: kind, word: r.word()}
	case Null:
		r.word()
		return Value{Type: Null}
	default:
		r.fail("a value of an unknown type")
		return Value{}
	}
}
