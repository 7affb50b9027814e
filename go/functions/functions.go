// SPDX-License-Identifier: Apache-2.0

// Package functions holds the SQL functions that a node has beyond SQLite's own. It knows neither SQLite nor C: the shim hands
// it values and takes values. Nothing here reads or writes a file, except those of the system's time zones, or loads code.
//
// A function runs in the thread that steps a statement, never on a node's loop: third_party/sqlite/brief.c counts no statement
// with a function as short.
package functions

import (
	"fmt"
	"strings"
)

// Kind is the storage class of a value.
type Kind uint8

const (
	Null Kind = iota
	Integer
	Real
	Text
	Blob
)

// Value is an argument or a result.
type Value struct {
	Kind    Kind
	Integer int64
	Real    float64
	Bytes   []byte // of an argument: SQLite's own memory, lent for the length of the call
	// Of a result that may be large: its length, and what writes it into memory of SQLite's, which has limits that Go's has not.
	Size int64
	Fill func(into []byte)
}

// Statement is what a function may ask of the statement that calls it.
type Statement interface {
	// Interrupted tells whether the client has given the statement up.
	Interrupted() bool
	// Stored tells whether the result goes into an index or a generated column, or a CHECK relies on it.
	Stored() bool
}

// Scalar is one function of each row.
type Scalar struct {
	Name      string
	Arguments int
	// The same arguments give the same result for ever, or an error: it may be used in an index.
	Deterministic bool
	Call          func(statement Statement, arguments []Value) (Value, error)
}

// Scalars is all of them.
func Scalars() []Scalar {
	return append(append(append(append(texts(), hashes()...), numbers()...), dates()...), random()...)
}

func integer(value int64) Value { return Value{Kind: Integer, Integer: value} }

func text(value string) Value { return Value{Kind: Text, Bytes: []byte(value)} }

func truth(value bool) Value {
	if value {
		return integer(1)
	}
	return integer(0)
}

func (v Value) String() string {
	switch v.Kind {
	case Null:
		return "NULL"
	case Integer:
		return fmt.Sprint(v.Integer)
	case Real:
		return fmt.Sprint(v.Real)
	case Text:
		return quoted(string(v.Bytes))
	}
	return fmt.Sprintf("a blob of %d bytes", len(v.Bytes))
}

// isEmpty tells whether Python takes the value for false: nothing, as Django's casts see it.
func (v Value) isEmpty() bool {
	return v.Kind == Null || v.Kind == Integer && v.Integer == 0 || v.Kind == Real && v.Real == 0 ||
		(v.Kind == Text || v.Kind == Blob) && len(v.Bytes) == 0
}

// quoted is a text for a message, which is short whatever the text is.
func quoted(text string) string {
	const most = 80
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}

func anyNull(arguments []Value) bool {
	for _, argument := range arguments {
		if argument.Kind == Null {
			return true
		}
	}
	return false
}

// strict is a function that is NULL where an argument is, and deterministic.
func strict(name string, arguments int, call func(Statement, []Value) (Value, error)) Scalar {
	return Scalar{Name: name, Arguments: arguments, Deterministic: true, Call: func(s Statement, given []Value) (Value, error) {
		if anyNull(given) {
			return Value{}, nil
		}
		return call(s, given)
	}}
}

// integerOf is what a function calls an integer: SQLite's class, so that 1.0 is none.
func integerOf(value Value) (int64, error) {
	if value.Kind != Integer {
		return 0, fmt.Errorf("%v is no integer", value)
	}
	return value.Integer, nil
}

// textOf is the bytes of a text, of a blob, or of a number as SQLite writes it.
func textOf(value Value) []byte {
	switch value.Kind {
	case Integer:
		return fmt.Append(nil, value.Integer)
	case Real:
		return []byte(realText(value.Real))
	}
	return value.Bytes
}
