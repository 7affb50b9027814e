// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
)

// routing is how often, and since when, an operation has lost its way to the leader.
type routing struct {
	losses int
	since  time.Time // the first
	reran  bool      // a loss made the server run it a second time
}

// repeat tells whether an operation that lost its link goes on from its first step, over a new one: only where nothing of it
// can have been written, and nothing of its result was handed out.
func (s *Session) repeat(loss *fault.Error) bool {
	if s.closing || s.dead != nil || loss.Kind != fault.NotLeader && loss.Kind != fault.Connection {
		return false
	}
	if gone := !s.nearby && s.belongings.forget(); gone {
		loss.Message += belongingsGone
		return false
	}
	if s.op.routing.losses == 0 {
		s.op.routing.since = time.Now()
	}
	if loss.Ran && s.op.routing.reran {
		return false // one that kills its server must not go on to kill the next ones
	}
	s.op.routing.reran = s.op.routing.reran || loss.Ran
	left := time.Until(s.op.routing.since.Add(s.options.LeaderTimeout))
	if left <= 0 {
		return false
	}
	s.op.routing.losses++
	if s.op.routing.losses == 1 {
		s.connect(left)
		return true
	}
	// The server that was named does not lead either: an election is under way.
	s.stake = nothing
	s.pause(leader.PauseAfter(s.op.routing.losses), func() { s.connect(left) }, s.fail)
	return true
}

const belongingsGone = "; its temporary tables and ATTACHed databases are gone with it: make them again"

// connect looks for the leader, or for the server nearby; the operation begins on it.
func (s *Session) connect(timeout time.Duration) {
	s.switchTo(s.op.nearby)
	if s.link != nil { // that of the other way was lost
		s.op.first()
		return
	}
	s.stake = nothing // until something is sent
	var found *leader.Search
	if s.nearby {
		found = leader.StartNearby(context.Background(), &s.options, timeout)
	} else {
		found = leader.Start(context.Background(), &s.options, s.leader, s.replaced, timeout)
	}
	s.op.next.background = &background{found.Done, found.Abandon, func() { s.arrive(found) }}
}

// arrive ends the search.
func (s *Session) arrive(found *leader.Search) {
	switch {
	case found.Link != nil:
		s.adopt(found.Link)
		if s.nearby {
			s.op.first()
			return
		}
		s.restore(s.op.first)
	case s.nearby && found.NoneReads():
		s.goToLeader()
	default:
		s.fail(found.Failed)
	}
}

// goToLeader does the operation under way at the leader instead, from its first step. Nothing of it was handed out.
func (s *Session) goToLeader() {
	s.op.nearby = false
	s.connect(s.options.LeaderTimeout)
}
