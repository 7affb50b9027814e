// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import "time"

// waitable is what a handle stands for.
type waitable interface {
	wait(slice time.Duration, out *C.dqlitepy_error) C.int32_t
	close()
}

// releaseSlice is how long a release in the background waits at a time.
const releaseSlice = time.Second

//export dqlitepy_wait
func dqlitepy_wait(handle C.uint64_t, slice_ms C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	object, ok := handles.get(uint64(handle)).(waitable)
	if !ok {
		return report(out, stale("node, connection, copy or task"))
	}
	return object.wait(sliceOf(slice_ms), out)
}

//export dqlitepy_cancel
func dqlitepy_cancel(handle C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	switch object := handles.get(uint64(handle)).(type) {
	case *connectionHandle:
		object.cancel()
	case *dumpHandle:
		object.cancel()
	case *taskHandle:
		object.cancel()
	case *nodeHandle: // dqlite can neither be kept from starting nor from stopping
	default:
		return report(out, stale("node, connection, copy or task"))
	}
	return C.DQLITEPY_OK
}

//export dqlitepy_close
func dqlitepy_close(handle C.uint64_t, slice_ms C.int32_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	object, ok := handles.get(uint64(handle)).(waitable)
	if !ok {
		return report(out, stale("node, connection, copy or task"))
	}
	object.close()
	return object.wait(sliceOf(slice_ms), out)
}

//export dqlitepy_release
func dqlitepy_release(handle C.uint64_t) {
	object, ok := handles.get(uint64(handle)).(waitable)
	if !ok {
		return
	}
	go func() {
		var ignored C.dqlitepy_error
		var status C.int32_t
		defer guard(&ignored, &status)
		object.close()
		for handles.get(uint64(handle)) == object {
			if object.wait(releaseSlice, &ignored) == C.DQLITEPY_ERROR {
				time.Sleep(releaseSlice / 100) // another thread is inside
			}
		}
	}()
}
