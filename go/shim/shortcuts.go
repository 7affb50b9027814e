// SPDX-License-Identifier: Apache-2.0

package main

/*
#cgo noescape dqlite_shortcut_call
#include <dqlite.h>
*/
import "C"

import (
	"unsafe"

	"dqlitepy.dev/go/link"
)

// shortcut leads to a connection of a node in this process.
type shortcut struct{ to *C.dqlite_shortcut }

// findShortcut is a link.FindShortcut.
func findShortcut(socket int) (link.Shortcut, bool) {
	var s shortcut
	switch C.dqlite_shortcut_open(C.int(socket), &s.to) {
	case C.DQLITE_OK:
		return s, true
	case C.DQLITE_BUSY:
		return nil, false
	}
	return nil, true
}

func (s shortcut) Call(request, response []byte, mayWait bool) (int, bool) {
	var n C.size_t
	status := C.dqlite_shortcut_call(s.to, unsafe.Pointer(unsafe.SliceData(request)), C.size_t(len(request)), C.bool(mayWait),
		unsafe.Pointer(unsafe.SliceData(response)), C.size_t(len(response)), &n)
	return int(n), status == C.DQLITE_OK
}

func (s shortcut) Close() { C.dqlite_shortcut_close(s.to) }
