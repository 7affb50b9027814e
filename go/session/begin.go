// SPDX-License-Identifier: Apache-2.0

package session

import (
	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/wire"
)

// begin does the first step of an operation, over a new connection where there is none.
func (s *Session) begin(first func()) {
	s.op.first, s.op.onLoss = first, (*Session).repeat
	if s.nearby != s.op.nearby {
		s.drain(func() {
			s.switchTo(s.op.nearby)
			s.begin(first)
		})
		return
	}
	if s.link == nil && s.nearby {
		s.connect(s.options.LeaderTimeout)
		return
	}
	if s.link == nil {
		if s.belongings.forget() {
			s.fail(fault.Errorf(fault.Connection, "the connection to the leader was lost%s", belongingsGone))
			return
		}
		s.connect(s.options.LeaderTimeout)
		return
	}
	s.drain(func() {
		if !s.nearby && s.options.Members.Due() {
			s.learn(first)
			return
		}
		first()
	})
}

// learn asks for the present members of the cluster.
func (s *Session) learn(then func()) {
	s.request(s.openStake(), wire.AppendCluster, func(frame wire.Frame) {
		if known, err := wire.DecodeServers(frame); err == nil {
			s.options.Members.Learn(known)
		}
		then()
	})
}
