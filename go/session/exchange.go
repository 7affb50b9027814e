// SPDX-License-Identifier: Apache-2.0

package session

import "dqlitepy.dev/go/wire"

// request queues a request and names who takes the answer.
func (s *Session) request(stake stake, encode func([]byte) []byte, then func(wire.Frame)) {
	s.stake, s.link.Harmless = stake, stake == nothing
	s.link.Queue(encode)
	s.expect(then)
}

// expect names who takes the next frame that the server owes.
func (s *Session) expect(then func(wire.Frame)) {
	s.op.next.onFrame, s.link.Awaiting = then, true
}

// exec runs statements that yield no rows.
func (s *Session) exec(stake stake, text string, parameters []wire.Value, then func(wire.Result, *wire.Failure)) {
	s.request(stake, func(buffer []byte) []byte {
		return wire.AppendExecSQL(buffer, text, parameters)
	}, s.takeResult(then))
}

// takeResult decodes the answer to EXEC and EXEC_SQL.
func (s *Session) takeResult(then func(wire.Result, *wire.Failure)) func(wire.Frame) {
	return func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeFailure(frame, func(failure *wire.Failure) { then(wire.Result{}, failure) })
			return
		}
		result, err := wire.DecodeResult(frame)
		if err != nil {
			s.lost(err)
			return
		}
		then(result, nil)
	}
}

func (s *Session) takeFailure(frame wire.Frame, then func(*wire.Failure)) {
	failure, err := wire.DecodeFailure(frame)
	if err != nil {
		s.lost(err)
		return
	}
	then(&failure)
}

// takeQueryFailure is takeFailure for QUERY_SQL. A stock server reports whatever kept the statement from being run, above all
// that the database is locked, as a second statement in the text; there never is one.
func (s *Session) takeQueryFailure(frame wire.Frame, then func(*wire.Failure)) {
	s.takeFailure(frame, func(failure *wire.Failure) {
		if failure.Code == 1 && failure.Message == "nonempty statement tail" {
			failure = &wire.Failure{Code: wire.CodeBusy, Message: "database is locked"}
		}
		then(failure)
	})
}

func (s *Session) prepare(text string, then func(wire.Stmt, *wire.Failure)) {
	s.request(s.openStake(), func(buffer []byte) []byte {
		return wire.AppendPrepare(buffer, text)
	}, func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure {
			s.takeFailure(frame, func(failure *wire.Failure) { then(wire.Stmt{}, failure) })
			return
		}
		statement, err := wire.DecodeStmt(frame)
		if err != nil {
			s.lost(err)
			return
		}
		then(statement, nil)
	})
}

func (s *Session) finalize(stake stake, statement wire.Stmt, then func()) {
	s.request(stake, func(buffer []byte) []byte {
		return wire.AppendFinalize(buffer, statement.ID)
	}, func(frame wire.Frame) {
		if frame.Type == wire.ResponseFailure { // the statement went with the database: the next request finds that out
			then()
			return
		}
		if err := wire.DecodeEmpty(frame); err != nil {
			s.lost(err)
			return
		}
		then()
	})
}
