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
	"slices"
	"sync"
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// schemas are the databases in memory whose tables were made last: a program asks about many statements and few schemas.
var schemas struct {
	sync.Mutex
	kept []*schema // the one that was asked last comes first
}

// keptSchemas is enough for a program that uses a few databases at a time. One of 300 tables takes about a megabyte.
const keptSchemas = 4

type schema struct {
	encoded string // what it was made of
	db      *C.sqlite3
}

// declaredTypes compiles a statement against tables that are made of their definitions in memory, and asks SQLite for the
// declared types of its columns. A definition that fails is left out: what needs it has no types then. A PRAGMA has none, and
// must not be compiled: SQLite runs it meanwhile, on this process.
func declaredTypes(encoded []byte, definitions func() ([]wire.Value, *fault.Error), statement []byte) ([][]byte, *fault.Error) {
	if parsed, err := sql.Parse(string(statement)); err != nil || parsed.Verb == "PRAGMA" {
		return nil, nil
	}
	schemas.Lock()
	defer schemas.Unlock()
	made, failure := schemaOf(encoded, definitions)
	if made == nil {
		return nil, failure
	}
	compiled := compile(made.db, statement)
	defer C.sqlite3_finalize(compiled)
	types := make([][]byte, C.sqlite3_column_count(compiled))
	for i := range types {
		if declared := C.sqlite3_column_decltype(compiled, C.int(i)); declared != nil {
			types[i] = []byte(C.GoString(declared))
		}
	}
	return types, nil
}

// schemaOf returns the database with these definitions, nil where there can be none. The caller has the lock.
func schemaOf(encoded []byte, definitions func() ([]wire.Value, *fault.Error)) (*schema, *fault.Error) {
	for i, kept := range schemas.kept {
		if kept.encoded == string(encoded) {
			copy(schemas.kept[1:i+1], schemas.kept[:i])
			schemas.kept[0] = kept
			return kept, nil
		}
	}
	values, failure := definitions()
	if failure != nil {
		return nil, failure
	}
	db := makeSchema(values)
	if db == nil {
		return nil, nil
	}
	made := &schema{string(encoded), db}
	if len(schemas.kept) == keptSchemas {
		C.sqlite3_close_v2(schemas.kept[keptSchemas-1].db)
		schemas.kept = schemas.kept[:keptSchemas-1]
	}
	schemas.kept = slices.Insert(schemas.kept, 0, made)
	return made, nil
}

func makeSchema(definitions []wire.Value) *C.sqlite3 {
	name := C.CString(":memory:")
	defer C.free(unsafe.Pointer(name))
	var db *C.sqlite3
	if C.sqlite3_open(name, &db) != C.SQLITE_OK {
		C.sqlite3_close_v2(db)
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
	return db
}

// compile returns nil for what is wrong, or empty.
func compile(db *C.sqlite3, statement []byte) *C.sqlite3_stmt {
	text := C.CBytes(statement)
	defer C.free(text)
	var compiled *C.sqlite3_stmt
	C.sqlite3_prepare_v2(db, (*C.char)(text), C.int(len(statement)), &compiled, nil)
	return compiled
}

// softHeapLimit is that of the process, for a test: one of C cannot be in its file.
func softHeapLimit() int64 { return int64(C.sqlite3_soft_heap_limit64(-1)) }
