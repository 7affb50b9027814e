// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"fmt"
	"runtime/debug"
	"strings"
	"unicode/utf8"
	"unsafe"

	"dqlitepy.dev/go/fault"
)

// report fills the caller's struct, if there is an error, and returns the status that goes with it.
func report(out *C.dqlitepy_error, failure *fault.Error) C.int32_t {
	if failure == nil {
		return C.DQLITEPY_OK
	}
	out.kind = C.int32_t(failure.Kind)
	out.code = C.int32_t(failure.Code)
	out.flags = 0
	if failure.Broken {
		out.flags |= C.DQLITEPY_ERROR_BROKEN
	}
	if failure.TransactionLost {
		out.flags |= C.DQLITEPY_ERROR_TRANSACTION_LOST
	}
	message := fitMessage(failure.Message)
	target := unsafe.Slice((*byte)(unsafe.Pointer(&out.message[0])), C.DQLITEPY_MESSAGE_SIZE)
	copy(target, message)
	target[len(message)] = 0
	out.message_size = C.uint32_t(len(message))
	return C.DQLITEPY_ERROR
}

// fitMessage cuts a message at a character, so that it is UTF-8 without a NUL inside and leaves room for the one behind it.
func fitMessage(message string) string {
	message = strings.ReplaceAll(strings.ToValidUTF8(message, "\uFFFD"), "\x00", "\uFFFD")
	if len(message) < C.DQLITEPY_MESSAGE_SIZE {
		return message
	}
	end := C.DQLITEPY_MESSAGE_SIZE - 1
	for !utf8.RuneStart(message[end]) {
		end--
	}
	return message[:end]
}

// guard turns a panic into an error: let out, it would end the caller's process.
func guard(out *C.dqlitepy_error, status *C.int32_t) {
	if reason := recover(); reason != nil {
		defect := fault.Defect(reason)
		defect.Message += " with these lines: " + panicSite()
		*status = report(out, defect)
	}
}

// panicSite is where the panic that is being recovered came from.
func panicSite() string {
	lines := strings.Split(string(debug.Stack()), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && i+4 < len(lines) {
			return fmt.Sprint(lines[i+2], lines[i+3])
		}
	}
	return "unknown"
}

func stale(what string) *fault.Error {
	return fault.Errorf(fault.BadHandle, "the %s is closed", what)
}
