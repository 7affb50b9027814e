// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/link"
)

// Needs is what an operation that is not done needs before Continue can get further: any one of them.
type Needs struct {
	Turn   bool            // nothing but another slice
	Waker  int             // a descriptor that can be read: Cancel was called
	Socket int             // a descriptor about which something new is heard, -1 for none
	Write  bool            // Socket is to be written to as well
	Done   <-chan struct{} // is closed, nil for none
	Link   any             // tells Socket from an older one with the same number
	Until  time.Time       // a time that has come, zero for never
}

// Needs tells what the operation waits for whose slice of 0 has ended. All there was to read has been read by then, so that a
// caller may wait for edges. The waker stays the same until Destroy.
func (s *Session) Needs() Needs {
	needs := Needs{Turn: s.op.ready, Waker: s.waker.Descriptor(), Socket: -1, Until: s.op.giveUpAt}
	switch {
	case s.op.next.background != nil:
		needs.Done = s.op.next.background.done
	case s.link != nil:
		needs.Socket, needs.Link, needs.Write = s.link.Descriptor(), s.link, s.link.Unsent()
	}
	if s.op.next.onTimer != nil {
		needs.Until = s.op.next.wakeAt
	} else if at := s.silence.nextLook(); needs.Until.IsZero() && needs.Socket >= 0 {
		needs.Until = at
	}
	return needs
}

// Watched tells that the caller now waits for edges of the Socket, for as long as this link lives, and adds each to the news.
func (s *Session) Watched(news *link.News) {
	if s.link != nil {
		s.link.News = news
	}
}
