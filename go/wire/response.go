// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
)

// Failure is the server's refusal of a request.
type Failure struct {
	Code    uint64 // extended SQLite result code, or one of dqlite's own
	Message string
}

// Server names a member of the cluster; Address is "" where the server asked knows no leader.
type Server struct {
	ID      uint64
	Address string
}

// Stmt is a prepared statement.
type Stmt struct {
	ID         uint32
	Parameters uint64
}

// Result is what EXEC leaves behind. Both numbers are those of the connection's last INSERT, UPDATE or DELETE, which for
// another statement is an earlier one.
type Result struct {
	LastInsertID int64
	RowsAffected int64
}

// DecodeServer decodes the answer to LEADER.
func DecodeServer(frame Frame) (Server, error) {
	r, err := open(frame, ResponseServer)
	if err != nil {
		return Server{}, err
	}
	id, address := r.word(), r.text()
	return Server{id, string(address)}, r.done("Server")
}

// DB is a database that was opened; its number is always 0.
type DB struct {
	Flags   uint32 // those of OPEN that the server heeds
	Applied uint64 // the last entry that it has applied; with OpenPositions
}

// DecodeDB decodes the answer to OPEN.
func DecodeDB(frame Frame) (DB, error) {
	r, err := open(frame, ResponseDB)
	if err != nil {
		return DB{}, err
	}
	db := DB{Flags: uint32(r.word() >> 32)}
	if db.Flags&OpenPositions != 0 {
		db.Applied = r.word()
	}
	return db, r.done("DB")
}

// DecodeStmt decodes the answer to PREPARE.
func DecodeStmt(frame Frame) (Stmt, error) {
	r, err := open(frame, ResponseStmt)
	if err != nil {
		return Stmt{}, err
	}
	ids, parameters := r.word(), r.word()
	return Stmt{uint32(ids >> 32), parameters}, r.done("Stmt")
}

// DecodeResult decodes the answer to EXEC and EXEC_SQL.
func DecodeResult(frame Frame) (Result, error) {
	r, err := open(frame, ResponseResult)
	if err != nil {
		return Result{}, err
	}
	id, changes := r.word(), r.word()
	return Result{int64(id), int64(changes)}, r.done("Result")
}

// DecodeEmpty checks the answer to FINALIZE and INTERRUPT.
func DecodeEmpty(frame Frame) error {
	_, err := open(frame, ResponseEmpty)
	return err
}

// DecodeFailure decodes a refusal. A stock server that fails in the midst of a result appends the failure to what it has
// already written of the result instead of replacing it; that is recognized by the bytes that are left over.
func DecodeFailure(frame Frame) (Failure, error) {
	r, err := open(frame, ResponseFailure)
	if err != nil {
		return Failure{}, err
	}
	code, message := r.word(), r.text()
	if r.failed == nil && len(r.rest) == 0 {
		if code > math.MaxInt32 {
			return Failure{}, Errorf("a failure with the code %d", code)
		}
		return Failure{code, string(message)}, nil
	}
	return decodePollutedFailure(frame.Body)
}

// maxFailureCode bounds the codes that a failure behind half a result can have: any number of columns or first word of a
// row is told from a code by what follows it.
const maxFailureCode = 1 << 16

func decodePollutedFailure(body []byte) (Failure, error) {
	rows, err := decodeNames(body)
	if err != nil {
		return Failure{}, Errorf("a failure of %d bytes that cannot be read", len(body))
	}
	behindNames := rows.rest
	for {
		if failure, found := trailingFailure(rows.rest); found {
			return failure, nil
		}
		if len(rows.Names) == 0 || rows.skipRow() != nil {
			break
		}
	}
	// Half a row may lie before the failure, and have been read with the failure as its other half: the last text of the
	// body that has a code before it.
	for offset := 0; offset+wordSize <= len(behindNames); offset += wordSize {
		if failure, found := trailingFailure(behindNames[offset:]); found {
			return failure, nil
		}
	}
	return Failure{}, Errorf("a failure of %d bytes that cannot be read", len(body))
}

// trailingFailure tells whether a code and a text are all that rest holds.
func trailingFailure(rest []byte) (Failure, bool) {
	r := reader{rest: rest}
	code := r.word()
	if code >= maxFailureCode { // before the text is looked for, so that all attempts together read the body once
		return Failure{}, false
	}
	message := r.text()
	if r.failed != nil || len(r.rest) != 0 || len(message) == 0 {
		return Failure{}, false
	}
	return Failure{code, string(message)}, true
}

func open(frame Frame, kind uint8) (reader, error) {
	if frame.Type != kind {
		return reader{}, Errorf("a response of type %d where %d was due", frame.Type, kind)
	}
	return reader{rest: frame.Body}, nil
}

// reader decodes a body. It keeps the first error in failed, and reads zeros from there on.
type reader struct {
	rest   []byte
	failed error
}

func (r *reader) word() uint64 {
	if r.failed != nil || len(r.rest) < wordSize {
		r.fail("a body that ends within a word")
		return 0
	}
	word := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[wordSize:]
	return word
}

func (r *reader) text() []byte {
	size := textSize(r.rest)
	if r.failed != nil || size < 0 {
		r.fail("a text that does not end")
		return nil
	}
	text := r.rest[:size:size]
	r.rest = r.rest[size+wordSize-size%wordSize:]
	return text
}

// textSize is how long the text is that data begins with, without the NULs that end it and fill its last word; -1 where they
// are not there.
func textSize(data []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	start := 0
	for ; start < 4*wordSize && start+wordSize <= len(data); start += wordSize { // for a short text to call IndexByte takes longer
		word := binary.LittleEndian.Uint64(data[start:])
		if zeros := (word - ones) &^ word & highs; zeros != 0 {
			return start + bits.TrailingZeros64(zeros)/8
		}
	}
	end := bytes.IndexByte(data[start:], 0)
	if end < 0 || start+end+wordSize-end%wordSize > len(data) {
		return -1
	}
	return start + end
}

func (r *reader) blob() []byte {
	size := r.word()
	if r.failed != nil || size > uint64(len(r.rest)) {
		r.fail("a blob longer than its message")
		return nil
	}
	padded := (size + wordSize - 1) / wordSize * wordSize
	if padded > uint64(len(r.rest)) {
		r.fail("a blob without its padding")
		return nil
	}
	blob := r.rest[:size:size]
	r.rest = r.rest[padded:]
	return blob
}

func (r *reader) fail(reason string) {
	if r.failed == nil {
		r.failed = Errorf("%s", reason)
	}
}

func (r *reader) done(what string) error {
	if r.failed == nil && len(r.rest) != 0 {
		return Errorf("%d bytes behind the end of a %s", len(r.rest), what)
	}
	return r.failed
}
