// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"context"
	"sync"
	"time"
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/session"
)

// dumpHandle is a copy of a database with what is under way on it.
type dumpHandle struct {
	mu      sync.Mutex
	handle  uint64
	job     *job // opening, or reading the next piece; nil in between
	closing bool
	opened  bool
	dump    *session.Dump // good once opened
	piece   []byte        // what reading brought

	attachment
}

//export dqlitepy_dump
func dqlitepy_dump(options C.dqlitepy_connect_options_in, flags C.uint32_t, slice_ms C.int32_t, handle *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*handle = 0
	if linkage != nil {
		return report(out, linkage)
	}
	settings, failure := optionsOf(options)
	if failure != nil {
		return report(out, failure)
	}
	d := &dumpHandle{}
	d.job = startJob(func(ctx context.Context) (failure *fault.Error) {
		d.dump, failure = session.OpenDump(ctx, settings, flags&C.DQLITEPY_DUMP_ANY_SERVER != 0)
		return failure
	})
	d.handle = handles.add(d)
	*handle = C.uint64_t(d.handle)
	status = d.wait(sliceOf(slice_ms), out)
	if status == C.DQLITEPY_ERROR {
		*handle = 0
	}
	return status
}

//export dqlitepy_dump_size
func dqlitepy_dump_size(handle C.uint64_t, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	d, failure := openedDump(handle)
	if failure != nil {
		return report(out, failure)
	}
	*size = C.uint64_t(d.dump.Size())
	return C.DQLITEPY_OK
}

//export dqlitepy_dump_read
func dqlitepy_dump_read(handle C.uint64_t, slice_ms C.int32_t, block *unsafe.Pointer, size *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*block, *size = nil, 0
	d, failure := openedDump(handle)
	if failure != nil {
		return report(out, failure)
	}
	reading := d.read()
	if !reading.wait(sliceOf(slice_ms)) {
		d.awaits(d.handle, reading)
		return C.DQLITEPY_PENDING
	}
	if reading.failure != nil { // it stays for every further call, since the copy will not be whole
		return report(out, reading.failure)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.job == reading { // no other thread has taken it
		d.job = nil
		if len(d.piece) > 0 {
			handOver(d.piece, block, size)
		}
		return C.DQLITEPY_OK
	}
	return report(out, fault.Errorf(fault.Programming, "the copy is read by another thread"))
}

// openedDump finds a copy that has begun to come in.
func openedDump(handle C.uint64_t) (*dumpHandle, *fault.Error) {
	d, ok := handles.get(uint64(handle)).(*dumpHandle)
	if !ok {
		return nil, stale("copy")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opened || d.closing {
		return nil, fault.Errorf(fault.Programming, "the copy is being opened or closed: wait for it first")
	}
	return d, nil
}

// read begins to read the next piece, unless that is under way.
func (d *dumpHandle) read() *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.job == nil {
		d.job = startJob(func(ctx context.Context) (failure *fault.Error) {
			d.piece, failure = d.dump.Next(ctx)
			return failure
		})
	}
	return d.job
}

// wait waits for the copy to be opened or closed. A handle that was not opened, or is closed, goes with it.
func (d *dumpHandle) wait(slice time.Duration, out *C.dqlitepy_error) C.int32_t {
	d.mu.Lock()
	job, opened, closing := d.job, d.opened, d.closing
	d.mu.Unlock()
	if opened && !closing {
		return C.DQLITEPY_OK
	}
	if job != nil && !job.wait(slice) {
		d.awaits(d.handle, job)
		return C.DQLITEPY_PENDING
	}
	if !opened && job.failure != nil {
		handles.remove(d.handle)
		if closing {
			return C.DQLITEPY_OK
		}
		return report(out, job.failure)
	}
	if closing {
		if handles.remove(d.handle) {
			d.dump.Close()
		}
		return C.DQLITEPY_OK
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opened {
		d.opened, d.job = true, nil
	}
	return C.DQLITEPY_OK
}

func (d *dumpHandle) attach(p *poller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attachTo(p, d.handle, d.job)
}

// close begins to close the copy.
func (d *dumpHandle) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true
	if d.job != nil {
		d.job.cancel()
	}
}

func (d *dumpHandle) cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.job != nil {
		d.job.cancel()
	}
}
