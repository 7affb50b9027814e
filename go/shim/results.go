// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <stdlib.h>

#include "dqlitepy.h"
*/
import "C"

import (
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
)

// operate begins an operation, or finds it begun, and does a slice of it.
func operate(connection C.uint64_t, slice_ms C.int32_t, result *C.dqlitepy_result, begin func(*connectionHandle) *fault.Error) C.int32_t {
	empty(result)
	return use(connection, &result.error, func(c *connectionHandle) C.int32_t { return c.goOn(begin(c), slice_ms, result) })
}

// goOn does a slice of the operation that was begun, or reports why it was not.
func (c *connectionHandle) goOn(failure *fault.Error, slice_ms C.int32_t, result *C.dqlitepy_result) C.int32_t {
	if failure != nil {
		return report(&result.error, failure)
	}
	s := c.session
	outcome, done, failure := s.Continue(sliceOf(slice_ms))
	if !done {
		return C.DQLITEPY_PENDING
	}
	c.deliver(outcome.Data, result)
	s.ReleaseBuffers()
	switch {
	case outcome.Flags&session.ResultMore == 0:
		c.freeRoom()
	case slice_ms > 0: // an event loop has other work for its thread and the other cores
		s.ReadAhead(c.roomForBatch())
	}
	result.row_count = C.uint64_t(outcome.Rows)
	result.last_insert_id = C.int64_t(outcome.LastInsertID)
	result.changes = C.int64_t(outcome.Changes)
	result.flags = C.uint32_t(outcome.Flags)
	return report(&result.error, failure)
}

// empty clears a result. Its error and `small` need no clearing: they count only if the status, or data_size, says so.
func empty(result *C.dqlitepy_result) {
	result.data, result.data_size, result.row_count = nil, 0, 0
	result.last_insert_id, result.changes, result.flags = 0, 0, 0
}

// deliver puts the rows where the caller finds them: into its struct, or into a block that it frees.
func (c *connectionHandle) deliver(data []byte, result *C.dqlitepy_result) {
	switch size := len(data); {
	case size == 0:
	case size <= len(result.small):
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&result.small[0])), len(result.small)), data)
		result.data_size = C.uint64_t(size)
	case unsafe.Pointer(unsafe.SliceData(data)) == c.room:
		result.data, result.data_size = c.room, C.uint64_t(size)
		c.room = nil
	default:
		handOver(data, &result.data, &result.data_size)
	}
}

// roomForBatch is C memory for the next batch, which then need not be copied.
func (c *connectionHandle) roomForBatch() []byte {
	if c.room == nil {
		c.room = C.malloc(session.BatchRoom)
	}
	return unsafe.Slice((*byte)(c.room), session.BatchRoom)
}

func (c *connectionHandle) freeRoom() {
	if c.room != nil { // each statement comes by here, and this check is cheaper than a call into C
		C.free(c.room)
		c.room = nil
	}
}
