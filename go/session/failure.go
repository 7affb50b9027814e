// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"strings"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// stake is what a lost connection takes with it, decided before each request is sent.
type stake uint8

const (
	nothing   stake = iota // the request writes nothing, or only inside a transaction that it begins itself
	openWork               // a transaction is open and the request does not commit it
	theCommit              // the request may commit
	pastWork               // the request follows one of the same operation that has committed by itself
)

func (s *Session) stakeOf(statement *sql.Statement) stake {
	switch {
	case s.transaction.commits(statement):
		return theCommit
	case s.transaction.open:
		return s.openStake()
	case statement.ReadOnly(), statement.Effect == sql.Begins, statement.Effect == sql.Saves:
		return nothing
	default:
		return theCommit
	}
}

// openStake is what requests that never commit put at stake. A transaction that the operation under way has begun itself is
// none: it can be done again from its beginning.
func (s *Session) openStake() stake {
	if s.transaction.open && !s.op.ownTransaction {
		return openWork
	}
	return nothing
}

// pastStake is what requests put at stake that follow a statement which has succeeded: if it committed by itself, the caller
// must not be told that nothing was written.
func (s *Session) pastStake() stake {
	if s.transaction.open {
		return s.openStake()
	}
	return pastWork
}

// lossError tells what a connection that ended means for the data.
func (s *Session) lossError(reason string) *fault.Error {
	stake, ran := s.stake, true
	if s.link != nil && s.link.Unsent() { // a request that is not sent whole never runs
		ran = false
		if stake == theCommit {
			stake = s.openStake()
		}
	}
	var loss *fault.Error
	switch stake {
	case theCommit, pastWork:
		s.seen.unsure = true
		loss = fault.Lossf(fault.AmbiguousCommit, "%s: the write may or may not have been committed; look before you repeat it", reason)
	case openWork:
		loss = transactionLost("%s: the open transaction is gone, nothing of it was committed; begin it again", reason)
	default:
		loss = fault.Lossf(fault.Connection, "%s: nothing was written; try again", reason)
	}
	loss.Ran = ran
	return loss
}

// lost acts on a connection that failed, or on a server that cannot be understood.
func (s *Session) lost(err error) {
	if errors.As(err, new(*wire.Error)) {
		failure := s.lossError(err.Error())
		if failure.Kind == fault.Connection {
			failure.Kind = fault.Protocol
		}
		s.fail(failure)
		return
	}
	s.fail(s.lossError(link.Describe(err)))
}

// interruptError tells what it means that a running statement was given up.
func (s *Session) interruptError() *fault.Error {
	loss := s.lossError("interrupted")
	loss.Code = fault.CodeInterrupt
	if loss.Kind != fault.AmbiguousCommit {
		loss.Kind = fault.Interrupted
	}
	return loss
}

// refusal makes an Error of a failure that the server sent as the answer to a request with a stake.
func (s *Session) refusal(failure *wire.Failure) *fault.Error {
	message := strings.TrimSpace(failure.Message)
	switch {
	case failure.Code == wire.CodeNotLeader, failure.Code == wire.CodeNotFound && message == "no database opened":
		return coded(failure, s.notLeader(whyNotServed(message)))
	case failure.Code == fault.CodeInterrupt && !s.transaction.open: // not by us: a server that steps down interrupts what runs
		return coded(failure, s.notLeader(notLeading))
	case failure.Code == wire.CodeLeadershipLost, failure.Code == wire.CodeIOError && strings.HasPrefix(message, execFailed):
		// A server says the second if its disk is full, if it has reached a limit, or if it shuts down. A stock server does not
		// say which.
		if s.stake == nothing && failure.Code == wire.CodeLeadershipLost {
			return coded(failure, fault.Lossf(fault.NotLeader, "the server lost its leadership: nothing was written; try again"))
		}
		if s.stake == nothing {
			return coded(failure, fault.Lossf(fault.SQLite, "disk I/O error on the server (%s): nothing was written", message))
		}
		// Our server adds how much it had to replicate and how long that took, if that was much.
		reason := "the server lost its leadership" + strings.TrimPrefix(message, leadershipLost)
		if failure.Code == wire.CodeIOError {
			reason = "the server could not write (" + whyNotWritten(message) + ")"
		}
		return coded(failure, s.lossError(reason))
	case failure.Code == wire.CodeStale:
		return fault.Errorf(fault.Stale, "%s", message)
	case failure.Code == 0:
		return fault.Errorf(fault.Programming, "%s", message)
	default:
		return &fault.Error{Kind: fault.SQLite, Code: int32(failure.Code), Message: message}
	}
}

// leadershipLost is the message of a server that stepped down during a write.
const leadershipLost = "leadership lost"

// execFailed is the message of a server that could not write; ours adds why.
const execFailed = "leader exec failed"

// outOfMemory is raft's message when an allocation fails.
const outOfMemory = "out of memory"

// whyNotWritten explains execFailed: by the server's own reason, or by a question if it gave none.
func whyNotWritten(message string) string {
	why, told := strings.CutPrefix(message, execFailed+": ")
	if strings.HasSuffix(why, outOfMemory) {
		return strings.TrimPrefix(why, "io: ") + "; the log of its node says whether that has to be started again"
	}
	if !told {
		return message + "; is its disk full, or has it no memory left?"
	}
	if strings.Contains(why, "space") || strings.Contains(why, "short write") {
		return message + "; is its disk full?"
	}
	return strings.TrimPrefix(why, "io: ")
}

const notLeading = "the server is not the leader any more"

// whyNotServed explains CodeNotLeader. Our server also sends it if it leads but ended this connection's work, and says why.
func whyNotServed(message string) string {
	if strings.HasPrefix(message, "the node ended ") {
		return message
	}
	return notLeading
}

// notLeader is the failure of a request to which the server did nothing, as it does not lead.
func (s *Session) notLeader(reason string) *fault.Error {
	if s.openStake() == openWork {
		return transactionLost("%s: the open transaction is gone, nothing of it was committed; begin it again", reason)
	}
	return fault.Lossf(fault.NotLeader, "%s: nothing was written; try again", reason)
}

func transactionLost(format string, arguments ...any) *fault.Error {
	loss := fault.Lossf(fault.LeadershipLost, format, arguments...)
	loss.TransactionLost = true
	return loss
}

func coded(failure *wire.Failure, e *fault.Error) *fault.Error {
	e.Code = int32(failure.Code)
	return e
}
