// SPDX-License-Identifier: Apache-2.0

package session

import (
	"runtime/debug"
	"sync/atomic"
	"time"

	"dqlitepy.dev/go/link"
)

// returnSize is how many bytes must have been given up before they go back to the system at once. That takes a garbage
// collection of some milliseconds; without it they would stay until the heap has doubled, or for minutes.
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

// forgetRoom stops using the memory that the caller of Fetch lent.
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

// returnPause delays that collection, so that sessions which are destroyed soon after one another share it.
const returnPause = time.Second

// sessionSize is about what a session takes beside its buffers.
const sessionSize = 8 << 10

// estate counts the memory of destroyed sessions. One session is not worth a garbage collection; a thousand are.
type estate struct {
	bytes  atomic.Int64
	coming atomic.Bool // a collection is scheduled
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
