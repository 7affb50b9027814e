// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
)

func (s *Session) questions() *leader.Quorum {
	if s.quorum == nil {
		s.quorum = leader.NewQuorum(&s.options)
	}
	return s.quorum
}

// whenConfirmed goes on once a majority has confirmed that this connection's server is the leader, as a linearizable read
// needs.
func (s *Session) whenConfirmed(then func()) {
	s.stake = s.openStake()
	c := s.questions().Confirm(s.leader, s.options.LeaderTimeout)
	s.op.next.background = &background{c.Done, c.Cancel, func() {
		switch {
		case c.Err == nil:
			then()
		case errors.Is(c.Err, leader.ErrNotLeader):
			s.leader, s.replaced = "", s.leader
			s.fail(s.notLeader(notLeading))
		default:
			s.fail(fault.Errorf(fault.NoLeader, "no majority of the servers confirmed the leader within %v, so that a linearizable read "+
				"is not possible (%v)", s.options.LeaderTimeout, c.Err))
		}
	}}
}
