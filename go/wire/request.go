// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"time"
)

// maxShortParameters is how many parameters schema 0 can count in its one byte.
const maxShortParameters = 255

// Requests are appended to a buffer, so that one write can carry several and buffers can be used again.

// AppendHandshake begins a connection.
func AppendHandshake(buffer []byte) []byte {
	return binary.LittleEndian.AppendUint64(buffer, ProtocolVersion)
}

// AppendLeader asks which server is the leader. Answer: Server.
func AppendLeader(buffer []byte) []byte {
	buffer, start := begin(buffer, RequestLeader, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, 0)
	return finish(buffer, start)
}

// AppendOpen opens the connection's one database. Answer: DB. With OpenLocal, reads may lack what was committed in the last
// maxStaleness, of whole milliseconds; 0 for any.
func AppendOpen(buffer []byte, name string, flags uint32, maxStaleness time.Duration) []byte {
	buffer, start := begin(buffer, RequestOpen, 0)
	buffer = appendText(buffer, name)
	buffer = binary.LittleEndian.AppendUint32(buffer, flags)
	buffer = binary.LittleEndian.AppendUint32(buffer, uint32(maxStaleness.Milliseconds()))
	buffer = appendText(buffer, "") // the VFS, which no server reads
	return finish(buffer, start)
}

// AppendAwait waits until the server has applied an entry, or for a time of whole milliseconds. Answer: Empty, or CodeStale.
func AppendAwait(buffer []byte, index uint64, timeout time.Duration) []byte {
	buffer, start := begin(buffer, RequestAwait, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, index)
	buffer = binary.LittleEndian.AppendUint64(buffer, uint64(timeout.Milliseconds()))
	return finish(buffer, start)
}

// AppendPrepare prepares exactly one statement. Answer: Stmt.
func AppendPrepare(buffer []byte, sql string) []byte {
	buffer, start := begin(buffer, RequestPrepare, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, 0)
	buffer = appendText(buffer, sql)
	return finish(buffer, start)
}

// AppendExec runs a prepared statement that yields no rows. Answer: Result.
func AppendExec(buffer []byte, statement uint32, parameters []Value) []byte {
	buffer, start := begin(buffer, RequestExec, parameterSchema(parameters))
	buffer = binary.LittleEndian.AppendUint32(buffer, 0)
	buffer = binary.LittleEndian.AppendUint32(buffer, statement)
	buffer = appendParameters(buffer, parameters)
	return finish(buffer, start)
}

// AppendFinalize frees a prepared statement. Answer: Empty.
func AppendFinalize(buffer []byte, statement uint32) []byte {
	buffer, start := begin(buffer, RequestFinalize, 0)
	buffer = binary.LittleEndian.AppendUint32(buffer, 0)
	buffer = binary.LittleEndian.AppendUint32(buffer, statement)
	return finish(buffer, start)
}

// AppendExecSQL runs statements that yield no rows, one after the other until one fails; parameters are consumed across
// them. Answer: Result, of the last one.
func AppendExecSQL(buffer []byte, sql string, parameters []Value) []byte {
	return appendSQL(buffer, RequestExecSQL, sql, parameters)
}

// AppendQuerySQL runs one statement that may yield rows. Answer: one or more Rows.
func AppendQuerySQL(buffer []byte, sql string, parameters []Value) []byte {
	return appendSQL(buffer, RequestQuerySQL, sql, parameters)
}

// AppendInterrupt asks the server to end the rows that it is sending. Answer: Empty, once, after what was already on its
// way. A stock server reads it only when all rows are sent.
func AppendInterrupt(buffer []byte) []byte {
	buffer, start := begin(buffer, RequestInterrupt, 0)
	buffer = binary.LittleEndian.AppendUint64(buffer, 0)
	return finish(buffer, start)
}

// AppendDump asks for a copy of a database, from any server that has it. Answer: Files.
func AppendDump(buffer []byte, name string) []byte {
	buffer, start := begin(buffer, RequestDump, 0)
	buffer = appendText(buffer, name)
	return finish(buffer, start)
}

func appendSQL(buffer []byte, kind uint8, sql string, parameters []Value) []byte {
	buffer, start := begin(buffer, kind, parameterSchema(parameters))
	buffer = binary.LittleEndian.AppendUint64(buffer, 0)
	buffer = appendText(buffer, sql)
	buffer = appendParameters(buffer, parameters)
	return finish(buffer, start)
}

func begin(buffer []byte, kind, schema uint8) (extended []byte, start int) {
	return append(buffer, 0, 0, 0, 0, kind, schema, 0, 0), len(buffer)
}

func finish(buffer []byte, start int) []byte {
	words := (len(buffer) - start - HeaderSize) / wordSize
	binary.LittleEndian.PutUint32(buffer[start:], uint32(words))
	return buffer
}

func appendText[T string | []byte](buffer []byte, text T) []byte {
	buffer = append(buffer, text...)
	return append(buffer, zeros[:wordSize-len(text)%wordSize]...) // at least the NUL that ends it
}

var zeros [wordSize]byte

func pad(buffer []byte, size int) []byte {
	return append(buffer, zeros[:(wordSize-size%wordSize)%wordSize]...)
}

func parameterSchema(parameters []Value) uint8 {
	if len(parameters) > maxShortParameters {
		return 1
	}
	return 0
}

func appendParameters(buffer []byte, parameters []Value) []byte {
	if len(parameters) == 0 {
		return buffer
	}
	prefix := 1
	if parameterSchema(parameters) == 0 {
		buffer = append(buffer, uint8(len(parameters)))
	} else {
		prefix = 4
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(parameters)))
	}
	for i := range parameters {
		buffer = append(buffer, uint8(parameters[i].Type))
	}
	buffer = pad(buffer, prefix+len(parameters))
	for i := range parameters {
		buffer = appendValue(buffer, &parameters[i])
	}
	return buffer
}

func appendValue(buffer []byte, value *Value) []byte {
	switch value.Type {
	case Text, ISO8601:
		return appendText(buffer, value.Bytes)
	case Blob:
		buffer = binary.LittleEndian.AppendUint64(buffer, uint64(len(value.Bytes)))
		buffer = append(buffer, value.Bytes...)
		return pad(buffer, len(value.Bytes))
	default:
		return binary.LittleEndian.AppendUint64(buffer, value.word)
	}
}
