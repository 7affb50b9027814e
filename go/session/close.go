// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/wire"
)

// Close begins to close the session, whatever is under way on it; Continue goes on while it is Busy. The open transaction is
// rolled back before the socket goes, so that its locks are free when that is done. Only Destroy may follow.
func (s *Session) Close() {
	s.forgetAhead()
	s.waker.Clear()
	s.closing = true
	if s.op.claimed {
		s.Abandon()
	}
	if s.link == nil {
		s.die(errClosed)
		return
	}
	s.claim()
	s.op.giveUpAt = time.Now().Add(closePatience)
	end := func() {
		s.die(errClosed)
		s.fail(errClosed)
	}
	s.drain(func() {
		if !s.transaction.open {
			end()
			return
		}
		s.exec(openWork, "ROLLBACK", nil, func(wire.Result, *wire.Failure) { end() })
	})
}

// closePatience is how long a server may take to end the rows that it sends and to roll back. It also does both when the socket
// is closed, but then nobody knows when.
var closePatience = 2 * time.Second // tests are more patient

// Closing tells whether Close was called.
func (s *Session) Closing() bool { return s.closing }

// Destroy frees what the session holds. No other call may be under way or follow, but Cancel.
func (s *Session) Destroy() {
	s.Abandon()
	if s.quorum != nil {
		s.quorum.Close()
	}
	s.options.Group.Remove(s)
	s.waker.Close()
	s.forgetRoom()
	left.add(s.shed + cap(s.pickled) + sessionSize)
}

// Evict breaks the session, once the thread that may be inside has left it.
func (s *Session) Evict() {
	s.evicted.Store(true)
	s.waker.Raise()
	s.mu.Lock()
	defer s.mu.Unlock()
	loss := fault.ErrNodeClosed
	if s.op.running {
		loss = fault.Deadly(s.lossError("its node was closed"))
	}
	s.die(loss)
}
