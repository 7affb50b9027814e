// SPDX-License-Identifier: Apache-2.0

package sql

import "strings"

// Insert is INSERT INTO table [(columns)] VALUES (…) with one row of nothing but parameters and literals. Many such rows can
// become one statement that does the same.
type Insert struct {
	Schema string // "" where the statement names none
	Table  string
	Slots  []int // the index, from 0, of the parameter for each placeholder of a row

	head string // everything up to VALUES
	row  string // the row, each parameter a bare ?
}

// PlainInsert tells whether the statement is an Insert.
func (s *Statement) PlainInsert() (*Insert, bool) {
	c := cursor{tokens: s.tokens}
	if !c.accept("INSERT") || !c.accept("INTO") {
		return nil, false
	}
	insert := &Insert{}
	name := c.next()
	if c.acceptSymbol('.') {
		insert.Schema = name.name()
		name = c.next()
	}
	if !name.identifier() {
		return nil, false
	}
	insert.Table = name.name()
	c.skipParentheses()
	if !c.accept("VALUES") {
		return nil, false
	}
	insert.head = s.Text[:s.tokens[c.offset-1].end-s.tokens[0].start]
	if !insert.readRow(&c, s.slots) || c.offset != len(c.tokens) || len(insert.Slots) == 0 {
		return nil, false
	}
	return insert, true
}

// Text is the statement for a number of rows.
func (i *Insert) Text(rows int) string {
	var text strings.Builder
	text.Grow(len(i.head) + rows*(len(i.row)+1))
	text.WriteString(i.head)
	separator := byte(' ')
	for range rows {
		text.WriteByte(separator)
		text.WriteString(i.row)
		separator = ','
	}
	return text.String()
}

// RowSize is how many bytes a row adds to Text.
func (i *Insert) RowSize() int { return len(i.row) + 1 }

func (i *Insert) readRow(c *cursor, slots []int) bool {
	row := []byte{'('}
	if !c.acceptSymbol('(') {
		return false
	}
	for {
		if c.peek().kind == parameter {
			i.Slots = append(i.Slots, slots[c.offset])
			c.next()
			row = append(row, '?')
		} else if literal, ok := c.literal(); ok {
			row = append(row, literal...)
		} else {
			return false
		}
		if c.acceptSymbol(')') {
			i.row = string(append(row, ')'))
			return true
		}
		if !c.acceptSymbol(',') {
			return false
		}
		row = append(row, ',')
	}
}

// literal reads a constant. Words other than NULL are left out: CURRENT_TIME may differ from row to row.
func (c *cursor) literal() (string, bool) {
	sign := ""
	if t := c.peek(); t.symbol('-') || t.symbol('+') {
		sign = c.next().text
	}
	t := c.next()
	if t.kind == number || sign == "" && (t.kind == text || t.kind == blob || t.is("NULL")) {
		return sign + t.text, true
	}
	return "", false
}
