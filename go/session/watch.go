// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"dqlitepy.dev/go/wire"
)

// longSilence is after what time without a byte it is asked whether another server leads by now. A server that computes is as
// silent as one that is suspended or whose machine hangs, so the time alone proves nothing.
var longSilence = 3 * time.Second // tests are less patient

const (
	// lookPause is between two looks whether an answer to that is there.
	lookPause = 100 * time.Millisecond
	// askPatience bounds each question to the other servers.
	askPatience = 2 * time.Second
)

// errReplaced ends a link whose server says nothing while the others follow another leader: what it still may say is worthless.
var errReplaced = errors.New("another server leads by now, and this one does not answer")

// silence is how long a server that owes an answer has said nothing.
type silence struct {
	since   time.Time
	heard   int      // bytes of the answer so far
	verdict *verdict // nil while nobody asks
}

// verdict is what the other servers say.
type verdict struct {
	done     chan struct{}
	replaced bool // good once done is closed
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
		case <-w.verdict.done:
			if w.verdict.replaced {
				return true
			}
			*w = silence{since: time.Now(), heard: received}
		default:
		}
	case time.Since(w.since) >= longSilence:
		w.verdict = s.askOthers()
	}
	return false
}

// askOthers begins to ask the other servers whom they follow.
func (s *Session) askOthers() *verdict {
	q, leader := s.questions(), s.link.ServerID
	v := &verdict{done: make(chan struct{})}
	go func() {
		defer close(v.done)
		ctx, cancel := context.WithTimeout(context.Background(), askPatience)
		defer cancel()
		v.replaced = q.replaced(ctx, leader)
	}()
	return v
}

// replaced tells whether a majority of the voters follows one and the same other leader.
func (q *quorum) replaced(ctx context.Context, leader uint64) bool {
	heard := make(map[string]testimony)
	var voters []wire.Member
	unasked := slices.Concat(q.options.Servers, q.options.members.Others())
	for len(unasked) > 0 {
		answers := make(chan testimony, len(unasked))
		for _, address := range unasked {
			heard[address] = testimony{}
			go func() { answers <- q.hear(ctx, address, true, false) }()
		}
		for range unasked {
			t := <-answers
			heard[t.address] = t
			if t.err == nil && t.leader.ID != 0 && t.leader.ID != leader && q.belongs(t) {
				voters = t.members
			}
		}
		unasked = unasked[:0]
		for _, voter := range voters {
			if _, asked := heard[voter.Address]; !asked {
				unasked = append(unasked, voter.Address)
			}
		}
	}
	followers := make(map[uint64]int)
	for _, voter := range voters {
		if t := heard[voter.Address]; t.err == nil && t.leader.ID != 0 && t.leader.ID != leader {
			followers[t.leader.ID]++
		}
	}
	for _, count := range followers {
		if 2*count > len(voters) {
			return true
		}
	}
	return false
}

// belongs tells whether what a server says is about this cluster.
func (q *quorum) belongs(t testimony) bool {
	return slices.Contains(q.options.Servers, t.address) || q.options.members.Shares(t.members)
}
