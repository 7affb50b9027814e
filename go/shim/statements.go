// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/pickle"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

//export dqlitepy_execute
func dqlitepy_execute(connection C.uint64_t, text C.dqlitepy_text, text_size C.uint32_t, parameters C.dqlitepy_bytes,
	parameters_size C.uint32_t, begin C.dqlitepy_text, flags C.uint32_t, slice_ms C.int32_t,
	result *C.dqlitepy_result) (status C.int32_t) {
	defer guard(&result.error, &status)
	return operate(connection, slice_ms, result, func(c *connectionHandle) *fault.Error {
		statement, failure := parsed(c.session, text, C.uint64_t(text_size))
		if failure != nil {
			return failure
		}
		values, failure := tuple(parameters, C.uint64_t(parameters_size))
		if failure != nil {
			return failure
		}
		return c.session.Execute(session.Request{
			Statement:    statement,
			Parameters:   values,
			Begin:        textOf(begin),
			TextAsBytes:  flags&C.DQLITEPY_TEXT_AS_BYTES != 0,
			Nearby:       flags&C.DQLITEPY_NEARBY != 0,
			Linearizable: flags&C.DQLITEPY_LINEARIZABLE != 0,
		})
	})
}

//export dqlitepy_execute_many
func dqlitepy_execute_many(connection C.uint64_t, text C.dqlitepy_text, text_size C.uint32_t, rows C.dqlitepy_bytes,
	rows_size C.uint32_t, begin C.dqlitepy_text, flags C.uint32_t, slice_ms C.int32_t,
	result *C.dqlitepy_result) (status C.int32_t) {
	defer guard(&result.error, &status)
	return operate(connection, slice_ms, result, func(c *connectionHandle) *fault.Error {
		statement, failure := parsed(c.session, text, C.uint64_t(text_size))
		if failure != nil {
			return failure
		}
		list, err := marshal.NewRows(bytesOf(rows, C.uint64_t(rows_size)))
		if err != nil {
			return session.DataError(err)
		}
		return c.session.ExecuteMany(session.ManyRequest{Statement: statement, Rows: list, Begin: textOf(begin)})
	})
}

//export dqlitepy_continue
func dqlitepy_continue(connection C.uint64_t, slice_ms C.int32_t, result *C.dqlitepy_result) (status C.int32_t) {
	defer guard(&result.error, &status)
	return operate(connection, slice_ms, result, func(*connectionHandle) *fault.Error { return nil })
}

//export dqlitepy_fetch
func dqlitepy_fetch(connection C.uint64_t, slice_ms C.int32_t, result *C.dqlitepy_result) (status C.int32_t) {
	defer guard(&result.error, &status)
	return operate(connection, slice_ms, result, func(c *connectionHandle) *fault.Error {
		return c.session.Fetch(c.roomForBatch())
	})
}

//export dqlitepy_discard
func dqlitepy_discard(connection C.uint64_t, slice_ms C.int32_t, result *C.dqlitepy_result) (status C.int32_t) {
	defer guard(&result.error, &status)
	return operate(connection, slice_ms, result, func(c *connectionHandle) *fault.Error { return c.session.Discard() })
}

//export dqlitepy_describe
func dqlitepy_describe(text C.dqlitepy_text, text_size C.uint64_t, flags *C.uint32_t, block *unsafe.Pointer, size *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*flags = 0
	statement, failure := parse(text, text_size)
	if failure != nil {
		return report(out, failure)
	}
	if statement.Rows() {
		*flags |= C.DQLITEPY_RESULT_ROWS
	}
	if statement.BeginsImplicitly() {
		*flags |= C.DQLITEPY_RESULT_DML
	}
	names := make([][]byte, len(statement.Parameters))
	for i, parameter := range statement.Parameters {
		if parameter.Named {
			names[i] = []byte(parameter.Name)
		}
	}
	data, err := pickle.AppendNames(pickle.Begin(nil), names)
	if err != nil {
		return report(out, fault.Errorf(fault.Data, "the name of a parameter is not UTF-8"))
	}
	handOver(pickle.End(data), block, size)
	return C.DQLITEPY_OK
}

//export dqlitepy_check_rows
func dqlitepy_check_rows(rows C.dqlitepy_bytes, rows_size C.uint64_t, fit *C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	blobs, err := marshal.Check(bytesOf(rows, rows_size))
	switch {
	case err != nil:
		*fit = C.DQLITEPY_FIT_NONE
	case blobs:
		*fit = C.DQLITEPY_FIT_IF_BYTES
	default:
		*fit = C.DQLITEPY_FIT_ALL
	}
	return C.DQLITEPY_OK
}

//export dqlitepy_expand
func dqlitepy_expand(text C.dqlitepy_text, text_size C.uint64_t, parameters C.dqlitepy_bytes, parameters_size C.uint64_t,
	block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	statement, failure := parse(text, text_size)
	if failure != nil {
		return report(out, failure)
	}
	values, failure := tuple(parameters, parameters_size)
	if failure != nil {
		return report(out, failure)
	}
	expanded := statement.Expand(len(values), func(index int) string { return values[index].Literal() })
	handOver([]byte(expanded), block, size)
	return C.DQLITEPY_OK
}

//export dqlitepy_declared_types
func dqlitepy_declared_types(text C.dqlitepy_text, text_size C.uint64_t, schema C.dqlitepy_bytes, schema_size C.uint64_t,
	block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	definitions := func() ([]wire.Value, *fault.Error) { return tuple(schema, schema_size) }
	types, failure := declaredTypes(bytesOf(schema, schema_size), definitions, bytesOf(text, text_size))
	if failure != nil {
		return report(out, failure)
	}
	data, err := pickle.AppendNames(pickle.Begin(nil), types)
	if err != nil {
		return report(out, fault.Errorf(fault.Data, "%v the declared type of a column", err))
	}
	handOver(pickle.End(data), block, size)
	return C.DQLITEPY_OK
}

//export dqlitepy_split
func dqlitepy_split(script C.dqlitepy_text, script_size C.uint64_t, block *unsafe.Pointer, size *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	data := pickle.BeginList(pickle.Begin(nil))
	for _, span := range sql.Split(string(bytesOf(script, script_size))) {
		data, _, _ = pickle.AppendRow(data, []wire.Value{wire.IntegerValue(int64(span.Start)), wire.IntegerValue(int64(span.End))}, false)
	}
	handOver(pickle.End(pickle.EndList(data)), block, size)
	return C.DQLITEPY_OK
}

// tuple decodes a marshalled tuple of values, of which there are none in no bytes.
func tuple(data C.dqlitepy_bytes, size C.uint64_t) ([]wire.Value, *fault.Error) {
	if size == 0 {
		return nil, nil
	}
	values, err := marshal.Tuple(bytesOf(data, size), nil)
	if err != nil {
		return nil, session.DataError(err)
	}
	return values, nil
}

func parse(text C.dqlitepy_text, size C.uint64_t) (*sql.Statement, *fault.Error) {
	statement, err := sql.Parse(string(bytesOf(text, size)))
	return statement, parseError(err)
}

// parsed is parse for a statement that is about to run.
func parsed(s *session.Session, text C.dqlitepy_text, size C.uint64_t) (*sql.Statement, *fault.Error) {
	statement, err := s.Parse(lent(text, size)) // which copies what it keeps
	return statement, parseError(err)
}

func parseError(err error) *fault.Error {
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.SQLite, Code: 1, Message: err.Error()}
}
