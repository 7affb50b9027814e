// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"time"

	"dqlitepy.dev/go/leader"
)

// longSilence: after so long without a byte, the session asks whether another server leads, or whether this one lives. A server that computes is as
// silent as one that is suspended or whose machine hangs, so the time alone proves nothing.
var longSilence = 3 * time.Second // tests are less patient

// lookPause is the pause between two checks for that answer.
const lookPause = 100 * time.Millisecond

// errReplaced ends a link whose server says nothing while the others follow another leader: what it still may say is worthless.
var errReplaced = errors.New("another server leads now, and this one does not answer")

// errSilent does so where any server will do.
var errSilent = errors.New("it does not answer any more")

// silence is how long a server that owes an answer has said nothing.
type silence struct {
	since   time.Time
	heard   int             // bytes of the answer so far
	verdict *leader.Verdict // nil while nobody asks
}

// nextLook is when to check again whether the server was replaced.
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
	case s.options.Local || s.link.ServerID == 0 && !s.nearby:
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
		if s.nearby { // whoever leads
			w.verdict = s.questions().AskWhetherSilent(s.link.Address)
		} else {
			w.verdict = s.questions().AskWhetherReplaced(s.link.ServerID)
		}
	}
	return false
}

// whyGivenUp is the reason once watch has told so.
func (s *Session) whyGivenUp() error {
	if s.nearby {
		return errSilent
	}
	return errReplaced
}
