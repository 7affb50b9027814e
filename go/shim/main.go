// SPDX-License-Identifier: Apache-2.0

// Command shim is libdqlitepy: the C ABI of abi/dqlitepy.h over the packages session and node. It only translates: every
// exported function checks its arguments, calls one of them and fills the caller's structs.
package main

/*
#include <stdlib.h>
#include "dqlitepy.h"
*/
import "C"

import (
	"time"
	"unsafe"
)

func main() {} // what -buildmode=c-shared asks for

//export dqlitepy_abi_version
func dqlitepy_abi_version() C.int32_t { return C.DQLITEPY_ABI_VERSION }

//export dqlitepy_error_size
func dqlitepy_error_size() C.uint64_t { return C.sizeof_dqlitepy_error }

//export dqlitepy_free
func dqlitepy_free(block unsafe.Pointer) { C.free(block) }

//export dqlitepy_versions
func dqlitepy_versions(block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	if linkage != nil {
		return report(out, linkage)
	}
	handOver([]byte(versions()), block, size)
	return C.DQLITEPY_OK
}

//export dqlitepy_open_handles
func dqlitepy_open_handles() C.uint64_t { return C.uint64_t(handles.count()) }

// handOver copies data to a block that the caller frees.
func handOver(data []byte, block *unsafe.Pointer, size *C.uint64_t) {
	*block = C.CBytes(data)
	*size = C.uint64_t(len(data))
}

func sliceOf(milliseconds C.int32_t) time.Duration {
	return time.Duration(max(milliseconds, 0)) * time.Millisecond
}

// textOf copies a text that is lent for the length of the call; NULL is "".
func textOf(text C.dqlitepy_text) string { return C.GoString((*C.char)(unsafe.Pointer(text))) }

// bytesOf copies size bytes that are lent for the length of the call.
func bytesOf[T C.dqlitepy_text | C.dqlitepy_bytes](start T, size C.uint64_t) []byte {
	return append([]byte(nil), lent(start, size)...)
}

// lent is size bytes that the caller may change once the call has returned.
func lent[T C.dqlitepy_text | C.dqlitepy_bytes](start T, size C.uint64_t) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&start)), uint64(size))
}
