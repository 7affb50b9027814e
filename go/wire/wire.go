// SPDX-License-Identifier: Apache-2.0

// Package wire is dqlite's client protocol, version 1: how requests are encoded and responses decoded. It does no I/O and
// keeps no policy. All integers are little endian, everything is padded to words of 8 bytes.
//
// Decoders take bytes from a server that may be broken or hostile: every length is checked against the bytes that are
// there, and what does not fit is an *Error, never a panic. Decoded text and blobs alias the bytes that were decoded.
package wire

import (
	"encoding/binary"
	"fmt"
)

// ProtocolVersion is the first word that a client sends; the server does not answer it.
const ProtocolVersion = 1

// HeaderSize is the number of bytes before each message's body.
const HeaderSize = 8

const wordSize = 8

// Types of requests.
const (
	RequestLeader    = 0
	RequestOpen      = 3
	RequestPrepare   = 4
	RequestExec      = 5
	RequestFinalize  = 7
	RequestExecSQL   = 8
	RequestQuerySQL  = 9
	RequestInterrupt = 10
	RequestDump      = 15
	RequestAwait     = 64 // of our servers alone, as are flags of OPEN
)

// Flags of OPEN. A stock server ignores them; ours says in its answer which it heeds.
const (
	OpenPositions = 1 // each answer tells what the server has applied
	OpenLocal     = 2 // the server reads whether it leads or not
)

// Types of responses.
const (
	ResponseFailure = 0
	ResponseServer  = 1
	ResponseDB      = 4
	ResponseStmt    = 5
	ResponseResult  = 6
	ResponseRows    = 7
	ResponseEmpty   = 8
	ResponseFiles   = 9
)

// Codes that dqlite itself gives to a failure, beside SQLite's extended result codes.
const (
	CodeBusy           = 5
	CodeBusyRecovery   = 5 | 1<<8
	CodeIOError        = 10
	CodeNoSuchDatabase = 1002 // of DUMP
	CodeStale          = 1010 // what the server has applied is older than the client can use
	CodeParse          = 1005 // a request, or a form of it, that the server does not know
	CodeNotFound       = 12   // "no database opened": the connection outlived a step-down of its server
	CodeNotLeader      = 10 | 40<<8
	CodeLeadershipLost = 10 | 41<<8
)

// Error tells what a server sent that the protocol does not allow.
type Error struct{ reason string }

func (e *Error) Error() string { return "the server broke dqlite's protocol: " + e.reason }

// Errorf makes an Error of what a caller finds wrong with responses that are right by themselves.
func Errorf(format string, arguments ...any) error {
	return &Error{fmt.Sprintf(format, arguments...)}
}

// Header precedes each message.
type Header struct {
	Words  uint32 // of the body
	Type   uint8
	Schema uint8
}

// BodySize is the number of bytes that follow the header.
func (h Header) BodySize() uint64 { return uint64(h.Words) * wordSize }

// DecodeHeader takes the HeaderSize bytes at the beginning of data.
func DecodeHeader(data []byte) (Header, error) {
	if len(data) < HeaderSize {
		return Header{}, Errorf("a header of %d bytes", len(data))
	}
	return Header{
		Words:  uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24,
		Type:   data[4],
		Schema: data[5],
	}, nil
}

// Frame is one whole message.
type Frame struct {
	Header
	Body []byte
}

// HasPosition tells whether the message ends in a position, on a connection with OpenPositions.
func (f *Frame) HasPosition() bool { return f.Type == ResponseResult || f.Type == ResponseRows }

// TakePosition takes it off the end: the last entry that the server had applied.
func (f *Frame) TakePosition() (uint64, error) {
	end := len(f.Body) - wordSize
	if end < 0 {
		return 0, Errorf("an answer without the position that it was to have")
	}
	position := binary.LittleEndian.Uint64(f.Body[end:])
	f.Body = f.Body[:end]
	return position, nil
}
