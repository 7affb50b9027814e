// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <stdlib.h>
#include <sqlite3.h>

static int stop(void *unused) { (void)unused; return 1; }

// Definitions come from a server: they may make tables and views, but neither open files nor run for long.
static void restrain(sqlite3 *db) {
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, 0);
	sqlite3_progress_handler(db, 1000000, stop, 0);
}
*/
import "C"

import (
	"unsafe"

	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// declaredTypes compiles a statement against tables that are made of their definitions in memory, and asks SQLite for the
// declared types of its columns. A definition that fails is left out: what needs it has no types then.
func declaredTypes(definitions []wire.Value, statement []byte) [][]byte {
	name := C.CString(":memory:")
	defer C.free(unsafe.Pointer(name))
	var db *C.sqlite3
	defer func() { C.sqlite3_close_v2(db) }()
	if C.sqlite3_open(name, &db) != C.SQLITE_OK {
		return nil
	}
	C.restrain(db)
	for _, definition := range definitions {
		if parsed, err := sql.Parse(string(definition.Bytes)); err != nil || parsed.Verb != "CREATE" || parsed.Multiple {
			continue
		}
		if compiled := compile(db, definition.Bytes); compiled != nil {
			C.sqlite3_step(compiled)
			C.sqlite3_finalize(compiled)
		}
	}
	compiled := compile(db, statement)
	defer C.sqlite3_finalize(compiled)
	types := make([][]byte, C.sqlite3_column_count(compiled))
	for i := range types {
		if declared := C.sqlite3_column_decltype(compiled, C.int(i)); declared != nil {
			types[i] = []byte(C.GoString(declared))
		}
	}
	return types
}

// compile returns nil for what is wrong, or empty.
func compile(db *C.sqlite3, statement []byte) *C.sqlite3_stmt {
	text := C.CBytes(statement)
	defer C.free(text)
	var compiled *C.sqlite3_stmt
	C.sqlite3_prepare_v2(db, (*C.char)(text), C.int(len(statement)), &compiled, nil)
	return compiled
}
