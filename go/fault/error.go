// SPDX-License-Identifier: Apache-2.0

// Package fault is what an operation on a connection fails with: who has to act, and whether the write was committed.
package fault

import "fmt"

// Kind tells who has to act on an error. The numbers are those of dqlitepy_kind in dqlitepy.h.
type Kind int32

const (
	SQLite          Kind = 1
	Programming     Kind = 2
	BadHandle       Kind = 3
	NotSupported    Kind = 4
	Data            Kind = 5
	Node            Kind = 6
	NoLeader        Kind = 7
	NotLeader       Kind = 8
	LeadershipLost  Kind = 9
	AmbiguousCommit Kind = 10
	Interrupted     Kind = 11
	Connection      Kind = 12
	Protocol        Kind = 13
	Internal        Kind = 14
	Stale           Kind = 15
)

// CodeInterrupt is SQLITE_INTERRUPT.
const CodeInterrupt = 9

// Error is what every operation fails with.
type Error struct {
	Kind            Kind
	Code            int32 // extended SQLite result code, 0 where there is none
	Broken          bool  // the connection cannot be used again
	TransactionLost bool  // the transaction that was open was rolled back
	Message         string

	// For the session alone:
	LinkLost bool // the link to the server has to be given up
	Ran      bool // the server may have run the request, and died of it
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an Error that leaves the connection as it was.
func Errorf(kind Kind, format string, arguments ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, arguments...)}
}

// Lossf makes an Error that costs the link; the next operation makes a new one.
func Lossf(kind Kind, format string, arguments ...any) *Error {
	e := Errorf(kind, format, arguments...)
	e.LinkLost = true
	return e
}

// Deadly makes an Error behind which the connection is of no use any more.
func Deadly(e *Error) *Error {
	copied := *e
	copied.Broken, copied.LinkLost = true, true
	return &copied
}

// Interruption is what an operation fails with whose statement was ended, the connection being as before.
func Interruption() *Error {
	return &Error{Kind: Interrupted, Code: CodeInterrupt, Message: "interrupted"}
}

// Defect makes an Error of what a panic was recovered from.
func Defect(reason any) *Error {
	return Errorf(Internal, "a defect of dqlitepy's native library (%v); please report it", reason)
}

// ErrNodeClosed ends the connections to a node of this process that stops.
var ErrNodeClosed = Deadly(Errorf(Connection, "the node of this connection was closed; connect again"))
