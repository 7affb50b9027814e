// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <dqlite.h>
#include <lz4.h>
#include <sqlite3.h>
#include <uv.h>

// In the file of this library: Python reads it there where it must not load the library (_versions.py).
static const char sqlite_version[] = "dqlitepy-sqlite-version=" SQLITE_VERSION;
static const char *sqlite_version_compiled(void) { return sqlite_version + sizeof("dqlitepy-sqlite-version=") - 1; }

// The raft inside libdqlite has no header of its own.
int raft_version_number(void);
*/
import "C"

import (
	"fmt"
	"runtime"
	"strings"

	"dqlitepy.dev/go/fault"
)

// goDqliteVersion is the version in go.mod, which not every build records in the library; a test compares the two.
const goDqliteVersion = "3.0.4"

// linkage says what is wrong with the libraries that were linked, or nil. Nothing may run on a SQLite that is not
// threadsafe: dqlite steps statements on several threads at once.
var linkage = checkLinkage()

func checkLinkage() *fault.Error {
	switch {
	case C.sqlite3_threadsafe() == 0:
		return fault.Errorf(fault.Internal, "SQLite was built without threads: build it with SQLITE_THREADSAFE=1")
	case C.sqlite3_libversion_number() != C.SQLITE_VERSION_NUMBER:
		return fault.Errorf(fault.Internal, "SQLite %d was linked, but %d compiled against: clean the build",
			C.sqlite3_libversion_number(), C.SQLITE_VERSION_NUMBER)
	case C.dqlite_version_number() != C.DQLITE_VERSION_NUMBER:
		return fault.Errorf(fault.Internal, "dqlite %d was linked, but %d compiled against: clean the build",
			C.dqlite_version_number(), C.DQLITE_VERSION_NUMBER)
	}
	return nil
}

func versions() string {
	dqlite, raft := int(C.dqlite_version_number()), int(C.raft_version_number())
	return strings.Join([]string{
		"sqlite " + C.GoString(C.sqlite_version_compiled()), // which is the linked one, by checkLinkage
		"dqlite " + dotted(dqlite),
		"raft " + dotted(raft),
		"libuv " + C.GoString(C.uv_version_string()),
		"lz4 " + C.GoString(C.LZ4_versionString()),
		"go-dqlite " + goDqliteVersion,
		"go " + strings.TrimPrefix(runtime.Version(), "go"),
	}, "\n")
}

func dotted(number int) string {
	return fmt.Sprintf("%d.%d.%d", number/10000, number/100%100, number%100)
}
