// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>

extern void shimScalar(sqlite3_context *context, int count, sqlite3_value **values);
extern void shimAdd(sqlite3_context *context, int count, sqlite3_value **values);
extern void shimRemove(sqlite3_context *context, int count, sqlite3_value **values);
extern void shimResult(sqlite3_context *context);
extern void shimKeep(sqlite3_context *context, int count, sqlite3_value **values);
extern void shimKept(sqlite3_context *context);
*/
import "C"

import (
	"unsafe"

	"dqlitepy.dev/go/functions"
)

// registered is what each connection gets. SQLite names a function by a pointer: the one to a byte of numbers.
var registered = struct {
	scalars    []functions.Scalar
	aggregates []functions.Aggregate
	names      map[string]*C.char
	numbers    unsafe.Pointer
}{
	scalars:    functions.Scalars(),
	aggregates: functions.Aggregates(),
	names:      map[string]*C.char{},
	numbers:    C.malloc(1 << 10),
}

func init() {
	functions.Tan = func(angle float64) float64 { return float64(C.tan(C.double(angle))) }
	for _, scalar := range registered.scalars {
		registered.names[scalar.Name] = C.CString(scalar.Name)
	}
	for _, aggregate := range registered.aggregates {
		registered.names[aggregate.Name] = C.CString(aggregate.Name)
	}
	registered.names[functions.AnyValue] = C.CString(functions.AnyValue)
}

func numberOf(context *C.sqlite3_context) uintptr {
	return uintptr(C.sqlite3_user_data(context)) - uintptr(registered.numbers)
}

// shimExtend gives a connection the functions. SQLite calls it when it opens one: third_party/sqlite/brief.c.
//
//export shimExtend
func shimExtend(database *C.sqlite3) (status C.int) {
	defer func() {
		if recover() != nil {
			status = C.SQLITE_ERROR
		}
	}()
	for i, scalar := range registered.scalars {
		flags := C.int(C.SQLITE_UTF8 | C.SQLITE_INNOCUOUS)
		if scalar.Deterministic {
			flags |= C.SQLITE_DETERMINISTIC
		}
		status := C.sqlite3_create_function_v2(database, registered.names[scalar.Name], C.int(scalar.Arguments), flags,
			unsafe.Add(registered.numbers, i), (*[0]byte)(C.shimScalar), nil, nil, nil)
		if status != C.SQLITE_OK {
			return status
		}
	}
	const pure = C.SQLITE_UTF8 | C.SQLITE_INNOCUOUS | C.SQLITE_DETERMINISTIC
	for i, aggregate := range registered.aggregates {
		value, remove := (*[0]byte)(C.shimResult), (*[0]byte)(C.shimRemove)
		if aggregate.Remove == nil {
			value, remove = nil, nil
		}
		status := C.sqlite3_create_window_function(database, registered.names[aggregate.Name], 1, pure,
			unsafe.Add(registered.numbers, i), (*[0]byte)(C.shimAdd), (*[0]byte)(C.shimResult), value, remove, nil)
		if status != C.SQLITE_OK {
			return status
		}
	}
	return C.sqlite3_create_function_v2(database, registered.names[functions.AnyValue], 1, C.SQLITE_UTF8|C.SQLITE_INNOCUOUS,
		nil, nil, (*[0]byte)(C.shimKeep), (*[0]byte)(C.shimKept), nil)
}
