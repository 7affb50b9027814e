// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <functions.h>
#include <stdint.h>

// What a function is called with, read by one call.
struct shim_value {
	int32_t type;
	int32_t size;
	int64_t integer;
	double real;
	const void *bytes;
};

static inline void shim_read(sqlite3_value *value, struct shim_value *into) {
	into->type = sqlite3_value_type(value);
	switch (into->type) {
		case SQLITE_INTEGER:
			into->integer = sqlite3_value_int64(value);
			break;
		case SQLITE_FLOAT:
			into->real = sqlite3_value_double(value);
			break;
		case SQLITE_TEXT:
			into->bytes = sqlite3_value_text(value);
			into->size = sqlite3_value_bytes(value);
			break;
		case SQLITE_BLOB:
			into->bytes = sqlite3_value_blob(value);
			into->size = sqlite3_value_bytes(value);
	}
}

static inline void shim_copy_text(sqlite3_context *context, const void *bytes, uint64_t size) {
	sqlite3_result_text64(context, bytes, size, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline void shim_copy_blob(sqlite3_context *context, const void *bytes, uint64_t size) {
	sqlite3_result_blob64(context, bytes, size, SQLITE_TRANSIENT);
}

static inline int64_t shim_most_bytes(sqlite3_context *context) {
	return sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
}

#cgo noescape shim_read
#cgo nocallback shim_read
*/
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"dqlitepy.dev/go/functions"
)

// call is the statement that calls a function, for as long as it does.
type call struct{ context *C.sqlite3_context }

func (c call) Interrupted() bool { return C.dqlitepy_interrupted(c.context) != 0 }

func (c call) Stored() bool { return C.dqlitepy_stored(c.context) != 0 }

// valueOf lends the value's bytes. A text for which SQLite has no memory reads as an empty one; the statement fails anyway.
func valueOf(value *C.sqlite3_value) functions.Value {
	var read C.struct_shim_value
	C.shim_read(value, &read)
	bytes := unsafe.Slice((*byte)(read.bytes), int(read.size))
	switch read._type {
	case C.SQLITE_INTEGER:
		return functions.Value{Kind: functions.Integer, Integer: int64(read.integer)}
	case C.SQLITE_FLOAT:
		return functions.Value{Kind: functions.Real, Real: float64(read.real)}
	case C.SQLITE_TEXT:
		return functions.Value{Kind: functions.Text, Bytes: bytes}
	case C.SQLITE_BLOB:
		return functions.Value{Kind: functions.Blob, Bytes: bytes}
	}
	return functions.Value{}
}

// give is the end of a call.
func (c call) give(result functions.Value, err error) {
	switch {
	case errors.Is(err, functions.ErrTooLarge):
		C.sqlite3_result_error_toobig(c.context)
	case errors.Is(err, functions.ErrInterrupted):
		C.sqlite3_result_error_code(c.context, C.SQLITE_INTERRUPT)
	case err != nil:
		c.fail(err.Error())
	case result.Kind == functions.Integer:
		C.sqlite3_result_int64(c.context, C.sqlite3_int64(result.Integer))
	case result.Kind == functions.Real:
		C.sqlite3_result_double(c.context, C.double(result.Real))
	case result.Kind == functions.Null:
		C.sqlite3_result_null(c.context)
	case result.Fill != nil:
		c.fill(result)
	case result.Kind == functions.Text:
		C.shim_copy_text(c.context, start(result.Bytes), C.uint64_t(len(result.Bytes)))
	default:
		C.shim_copy_blob(c.context, start(result.Bytes), C.uint64_t(len(result.Bytes)))
	}
}

func (c call) fail(message string) {
	bytes := []byte(message)
	C.sqlite3_result_error(c.context, (*C.char)(start(bytes)), C.int(len(bytes)))
}

// start is never NULL, which would make NULL of an empty text.
func start(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return unsafe.Pointer(&[1]byte{})
	}
	return unsafe.Pointer(unsafe.SliceData(bytes))
}

// fill has the result written into memory of SQLite's, whose end is an error of the statement. That of Go's ends the process.
func (c call) fill(result functions.Value) {
	if result.Size > int64(C.shim_most_bytes(c.context)) {
		C.sqlite3_result_error_toobig(c.context)
		return
	}
	memory := C.sqlite3_malloc64(C.sqlite3_uint64(result.Size + 1))
	if memory == nil {
		C.sqlite3_result_error_nomem(c.context)
		return
	}
	handedOver := false
	defer func() {
		if !handedOver {
			C.sqlite3_free(memory)
		}
	}()
	result.Fill(unsafe.Slice((*byte)(memory), int(result.Size)))
	handedOver = true
	if result.Kind == functions.Text {
		C.sqlite3_result_text64(c.context, (*C.char)(memory), C.sqlite3_uint64(result.Size), (*[0]byte)(C.sqlite3_free), C.SQLITE_UTF8)
	} else {
		C.sqlite3_result_blob64(c.context, memory, C.sqlite3_uint64(result.Size), (*[0]byte)(C.sqlite3_free))
	}
}

const mostArguments = 4

// argumentPool spares each call an allocation.
var argumentPool = sync.Pool{New: func() any { return new([mostArguments]functions.Value) }}

// guardCall makes an error of the statement of what would end the process. A panic cannot pass through C.
func guardCall(context *C.sqlite3_context) {
	if problem := recover(); problem != nil {
		call{context}.fail(fmt.Sprint("the function failed: ", problem))
	}
}

//export shimScalar
func shimScalar(context *C.sqlite3_context, count C.int, values **C.sqlite3_value) {
	defer guardCall(context)
	arguments := argumentPool.Get().(*[mostArguments]functions.Value)
	defer argumentPool.Put(arguments)
	given := unsafe.Slice(values, int(count))
	for i, value := range given {
		arguments[i] = valueOf(value)
	}
	c := call{context}
	c.give(scalarOf(context).Call(c, arguments[:len(given)]))
}

// stateOf is NULL if nothing was added to the group yet, and nothing is to be.
func stateOf(context *C.sqlite3_context, make bool) *functions.State {
	size := C.int(0)
	if make {
		size = C.int(unsafe.Sizeof(functions.State{}))
	}
	return (*functions.State)(C.sqlite3_aggregate_context(context, size))
}

func change(context *C.sqlite3_context, values **C.sqlite3_value, by func(functions.Aggregate) func(*functions.State, functions.Value) error) {
	state := stateOf(context, true)
	if state == nil {
		C.sqlite3_result_error_nomem(context)
		return
	}
	if err := by(aggregateOf(context))(state, valueOf(*values)); err != nil {
		call{context}.fail(err.Error())
	}
}

//export shimAdd
func shimAdd(context *C.sqlite3_context, _ C.int, values **C.sqlite3_value) {
	defer guardCall(context)
	change(context, values, func(a functions.Aggregate) func(*functions.State, functions.Value) error { return a.Add })
}

//export shimRemove
func shimRemove(context *C.sqlite3_context, _ C.int, values **C.sqlite3_value) {
	defer guardCall(context)
	change(context, values, func(a functions.Aggregate) func(*functions.State, functions.Value) error { return a.Remove })
}

//export shimResult
func shimResult(context *C.sqlite3_context) {
	defer guardCall(context)
	if state := stateOf(context, false); state != nil {
		call{context}.give(aggregateOf(context).Result(state), nil)
	}
}

// keptOf is where any_value keeps its value: SQLite's own copy of it.
func keptOf(context *C.sqlite3_context, size uintptr) **C.sqlite3_value {
	return (**C.sqlite3_value)(C.sqlite3_aggregate_context(context, C.int(size)))
}

//export shimKeep
func shimKeep(context *C.sqlite3_context, _ C.int, values **C.sqlite3_value) {
	defer guardCall(context)
	kept := keptOf(context, unsafe.Sizeof(values))
	if kept == nil {
		C.sqlite3_result_error_nomem(context)
	} else if *kept == nil && C.sqlite3_value_type(*values) != C.SQLITE_NULL {
		if *kept = C.sqlite3_value_dup(*values); *kept == nil {
			C.sqlite3_result_error_nomem(context)
		}
	}
}

// shimKept is also called for a statement that was given up, so that the copy is freed.
//
//export shimKept
func shimKept(context *C.sqlite3_context) {
	defer guardCall(context)
	if kept := keptOf(context, 0); kept != nil && *kept != nil {
		C.sqlite3_result_value(context, *kept)
		C.sqlite3_value_free(*kept)
		*kept = nil
	}
}
