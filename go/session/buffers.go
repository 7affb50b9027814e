// SPDX-License-Identifier: Apache-2.0

package session

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"dqlitepy.dev/go/link"
)

// returnSize is how much must have been given up before the system gets it back at once: it costs a collection of garbage,
// some milliseconds, and would otherwise take until the garbage has doubled, or minutes.
const returnSize = 16 << 20

// ReleaseBuffers gives back what large values took, once Result.Data was copied.
func (s *Session) ReleaseBuffers() {
	s.forgetRoom()
	if cap(s.pickled) > link.KeepSize {
		s.shed += cap(s.pickled)
		s.pickled, s.op.result.Data = nil, nil
	}
	if s.shed > returnSize {
		debug.FreeOSMemory()
	}
	s.shed = 0
}

// forgetRoom leaves the room to whom it belongs.
func (s *Session) forgetRoom() {
	if s.lent {
		s.lent, s.pickled, s.op.result.Data = false, nil, nil
	}
}

// releaseLinkBuffers gives back what a large message took, when nothing more of it can follow.
func (s *Session) releaseLinkBuffers() {
	if s.link != nil && s.stream == nil {
		s.shed += s.link.ReleaseBuffers()
	}
}

// returnPause is how long after that many sessions that were closed, or more that follow, share one collection.
const returnPause = time.Second

// sessionSize is about what a session takes beside its buffers.
const sessionSize = 8 << 10

// estate is what sessions that were destroyed have left: each too little to be worth a collection, a thousand of them not.
type estate struct {
	bytes  atomic.Int64
	coming atomic.Bool // a collection is
	free   func()
}

var left = estate{free: debug.FreeOSMemory}

func (e *estate) add(bytes int) {
	if e.bytes.Add(int64(bytes)) < returnSize || e.coming.Swap(true) {
		return
	}
	time.AfterFunc(returnPause, func() {
		e.bytes.Store(0)
		e.coming.Store(false)
		e.free()
	})
}
