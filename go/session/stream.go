// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/pickle"
	"dqlitepy.dev/go/wire"
)

const (
	// batchSize is about how many bytes of rows one call hands over.
	batchSize = 256 << 10
	// firstBatchSize is that for the first call, so that the caller has something to do while the others come in.
	firstBatchSize = 64 << 10
)

// stream is the result of a statement that yields rows, while its pages come in.
type stream struct {
	e         *execution
	names     [][]byte
	row       []wire.Value
	count     uint64 // rows in the batch
	total     int64
	named     bool         // the names have come in
	handedOut bool         // the names have been handed over
	fault     *fault.Error // a value that cannot cross; raised behind the rows before it
	ended     bool         // the last page has come in
	draining  bool         // INTERRUPT is on its way
}

// interruptible tells whether the rows may be cut short: those of a statement that writes must come in to the last.
func (st *stream) interruptible() bool { return !st.draining && st.e.Statement.ReadOnly() }

func (e *execution) query() {
	e.s.pickled = e.s.pickled[:0]
	e.s.stream = &stream{e: e}
	e.s.request(e.s.stakeOf(e.Statement), func(buffer []byte) []byte {
		return wire.AppendQuerySQL(buffer, e.Statement.Text, e.Parameters)
	}, e.s.stream.take)
}

// take takes one page, or the failure that ends the result.
func (st *stream) take(frame wire.Frame) {
	e := st.e
	if frame.Type == wire.ResponseFailure {
		e.s.stream = nil
		e.s.takeQueryFailure(frame, func(failure *wire.Failure) {
			if st.named { // rows may have been handed over: no second attempt
				e.s.refused(e.Statement, failure)
				e.s.settle(failure, e.begun, e.Statement.Text, e.s.fail)
				return
			}
			e.failed(failure)
		})
		return
	}
	more, err := st.decode(frame)
	if err != nil {
		e.s.lost(err)
		return
	}
	st.goOn(more)
}

// goOn goes on after a page.
func (st *stream) goOn(more bool) {
	e := st.e
	switch {
	case !more:
		st.end()
	case !e.Statement.ReadOnly(): // only the last page tells that a statement which writes did so
		e.s.expect(st.take)
	case st.fault != nil && st.count == 0:
		st.raiseFault()
	case st.fault != nil, len(e.s.pickled) >= batchSize, !st.handedOut && len(e.s.pickled) >= firstBatchSize:
		st.handOver()
	default:
		e.s.expect(st.take)
	}
}

func (st *stream) decode(frame wire.Frame) (more bool, err error) {
	rows, err := wire.DecodeRows(frame)
	if err != nil {
		return false, err
	}
	if !st.named {
		st.named = true
		st.row = make([]wire.Value, len(rows.Names))
		st.names = copyNames(rows.Names)
	} else if len(rows.Names) != len(st.row) {
		return false, wire.Errorf("another number of columns within a result")
	}
	if st.count == 0 && len(st.e.s.pickled) == 0 {
		st.beginBatch()
	}
	before := st.total
	for {
		found, err := rows.Next(st.row)
		if err != nil {
			return false, err
		}
		if !found {
			break
		}
		st.total++
		st.appendRow()
	}
	if rows.More && st.total == before {
		return false, errEndless
	}
	return rows.More, nil
}

func (st *stream) beginBatch() {
	e := st.e
	e.s.pickled = pickle.Begin(e.s.pickled)
	if !st.handedOut {
		var err error
		if e.s.pickled, err = pickle.AppendNames(e.s.pickled, st.names); err != nil {
			st.fault = fault.Errorf(fault.Data, "%v the name of a column", err)
		}
	}
	e.s.pickled = pickle.BeginList(e.s.pickled)
}

func (st *stream) appendRow() {
	if st.fault != nil {
		return
	}
	e := st.e
	before := len(e.s.pickled)
	batch, column, err := pickle.AppendRow(e.s.pickled, st.row, e.TextAsBytes)
	if err != nil {
		e.s.pickled = batch[:before]
		st.fault = fault.Errorf(fault.Data, "%v column '%s' with text '%s'", err, st.names[column], asciiOf(st.row[column].Bytes))
		return
	}
	e.s.pickled = batch
	st.count++
}

// asciiOf is the beginning of a text that is not UTF-8, for a message.
func asciiOf(text []byte) string {
	const longest = 200
	return strings.Map(func(character rune) rune {
		if character >= utf8.RuneSelf {
			return utf8.RuneError
		}
		return character
	}, string(text[:min(len(text), longest)]))
}

// handOver finishes the operation with the rows so far; more follow.
func (st *stream) handOver() {
	st.e.s.link.Awaiting = !st.ended
	result := st.seal()
	result.Flags |= ResultMore
	st.e.s.finish(result)
}

func (st *stream) seal() Result {
	e := st.e
	e.s.pickled = pickle.EndList(e.s.pickled)
	if !st.handedOut {
		e.s.pickled = pickle.Pair(e.s.pickled)
		st.handedOut = true
	}
	e.s.pickled = pickle.End(e.s.pickled)
	result := Result{Data: e.s.pickled, Rows: st.count, Changes: -1, Flags: flagsOf(e.Statement)}
	if len(st.row) > 0 {
		result.Flags |= ResultRows
	}
	st.count = 0
	return result
}

// raiseFault ends the result with a value that cannot cross.
func (st *stream) raiseFault() {
	fault := st.fault
	st.e.s.drain(func() { st.e.s.fail(fault) })
}

// end finishes a result whose last page has come in.
func (st *stream) end() {
	e := st.e
	st.ended = true
	e.s.transaction.apply(e.Statement)
	e.s.belongings.add(e.Statement)
	if st.fault != nil && st.count == 0 {
		e.s.stream = nil
		e.s.fail(st.fault)
		return
	}
	if st.fault != nil {
		st.handOver()
		return
	}
	e.s.stream = nil
	result := st.seal()
	if len(st.row) == 0 {
		result.Data = nil
	}
	switch {
	case e.vacuum:
		e.runVacuum(func() { e.s.finish(result) })
		return
	case !e.Statement.Returning:
		e.s.finish(result)
		return
	}
	e.s.counters(func(lastInsertID, changes int64) {
		result.LastInsertID, result.Changes = lastInsertID, changes
		e.s.finish(result)
	})
}

// Fetch begins to bring the next batch of the result that is streaming. It is put into the room, which may be nil, as far as it
// fits; the room is the caller's again after ReleaseBuffers.
func (s *Session) Fetch(room []byte) *fault.Error {
	if s.op.unasked {
		s.op.unasked = false
		return nil
	}
	if s.stream == nil && s.link != nil && !s.op.claimed {
		return fault.Errorf(fault.Programming, "no result is streaming on the connection")
	}
	cancelled := s.waker.Raised() // between two batches: the statement still runs
	if err := s.start(); err != nil {
		return err
	}
	if cancelled {
		s.Cancel()
	}
	s.fetch(room)
	return nil
}

func (s *Session) fetch(room []byte) {
	st := s.stream
	s.pickled, s.lent = room[:0], room != nil
	if st.fault != nil {
		st.raiseFault()
		return
	}
	s.expect(st.take)
}

// Discard begins to drop the result that is streaming, so that its locks and memory go.
func (s *Session) Discard() *fault.Error {
	if err := s.start(); err != nil {
		return err
	}
	s.drain(func() { s.finish(Result{}) })
	return nil
}

func copyNames(names [][]byte) [][]byte {
	copies := make([][]byte, len(names))
	for i, name := range names {
		copies[i] = bytes.Clone(name)
	}
	return copies
}
