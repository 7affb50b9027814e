// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <functions.h>
#include <math.h>
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

// registered is what each connection gets. SQLite hands a function the address of its entry in the table.
var registered = struct {
	scalars    []functions.Scalar
	aggregates []functions.Aggregate
	table      []C.struct_dqlitepy_function // in memory of C's: the scalars, the aggregates, any_value
}{scalars: functions.Scalars(), aggregates: functions.Aggregates()}

func init() {
	functions.Tan = func(angle float64) float64 { return float64(C.tan(C.double(angle))) }
	scalars, count := len(registered.scalars), len(registered.scalars)+len(registered.aggregates)+1
	memory := C.calloc(C.size_t(count), C.sizeof_struct_dqlitepy_function)
	registered.table = unsafe.Slice((*C.struct_dqlitepy_function)(memory), count)
	for i, scalar := range registered.scalars {
		entry := enter(i, scalar.Name, scalar.Arguments, scalar.Deterministic)
		entry.call = (*[0]byte)(C.shimScalar)
	}
	for i, aggregate := range registered.aggregates {
		entry := enter(scalars+i, aggregate.Name, 1, true)
		entry.step, entry.result = (*[0]byte)(C.shimAdd), (*[0]byte)(C.shimResult)
		if aggregate.Remove != nil {
			entry.remove = (*[0]byte)(C.shimRemove)
		}
	}
	kept := enter(count-1, functions.AnyValue, 1, false)
	kept.step, kept.result = (*[0]byte)(C.shimKeep), (*[0]byte)(C.shimKept)
	C.dqlitepy_set_functions(&registered.table[0], C.int(count))
}

// enter begins an entry of the table. No function does anything but calculate, so that a view may call each.
func enter(number int, name string, arguments int, deterministic bool) *C.struct_dqlitepy_function {
	entry := &registered.table[number]
	entry.name, entry.arguments = C.CString(name), C.int(arguments)
	entry.data = unsafe.Pointer(entry)
	entry.flags = C.SQLITE_UTF8 | C.SQLITE_INNOCUOUS
	if deterministic {
		entry.flags |= C.SQLITE_DETERMINISTIC
	}
	return entry
}

func numberOf(context *C.sqlite3_context) uintptr {
	first := uintptr(unsafe.Pointer(&registered.table[0]))
	return (uintptr(C.sqlite3_user_data(context)) - first) / C.sizeof_struct_dqlitepy_function
}

func scalarOf(context *C.sqlite3_context) functions.Scalar {
	return registered.scalars[numberOf(context)]
}

func aggregateOf(context *C.sqlite3_context) functions.Aggregate {
	return registered.aggregates[numberOf(context)-uintptr(len(registered.scalars))]
}
