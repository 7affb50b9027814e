// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
)

// longSilence is after what time without a byte it is asked whether another server leads by now. A server that computes is as
// silent as one that is suspended or whose machine hangs, so the time alone proves nothing.
var longSilence = 3 * time.Second // tests are less patient

// lookPause is between two looks whether an answer to that is there.
const lookPause = 100 * time.Millisecond

// errReplaced ends a link whose server says nothing while the others follow another leader: what it still may say is worthless.
var errReplaced = errors.New("another server leads by now, and this one does not answer")

// silence is how long a server that owes an answer has said nothing.
type silence struct {
	since   time.Time
	heard   int             // bytes of the answer so far
	verdict *leader.Verdict // nil while nobody asks
}

// nextLook is when to look again whether the server was replaced.
func (s *silence) nextLook() time.Time {
	switch {
	case s.since.IsZero():
		return time.Time{}
	case s.verdict != nil:
		return time.Now().Add(lookPause)
	}
	return s.since.Add(longSilence)
}

// watch is called while the server owes an answer, and tells whether to give it up.
func (s *Session) watch() bool {
	w := &s.silence
	received := s.link.Received()
	switch {
	case s.options.Local || s.link.ServerID == 0:
	case w.since.IsZero() || w.heard != received || s.link.Unsent():
		*w = silence{since: time.Now(), heard: received}
	case w.verdict != nil:
		select {
		case <-w.verdict.Done:
			if w.verdict.Replaced {
				return true
			}
			*w = silence{since: time.Now(), heard: received}
		default:
		}
	case time.Since(w.since) >= longSilence:
		w.verdict = s.questions().AskWhetherReplaced(s.link.ServerID)
	}
	return false
}

func (s *Session) questions() *leader.Quorum {
	if s.quorum == nil {
		s.quorum = leader.NewQuorum(&s.options)
	}
	return s.quorum
}

// whenConfirmed goes on once a majority has confirmed that the server of this connection is the leader.
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
