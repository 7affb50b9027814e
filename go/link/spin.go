// SPDX-License-Identifier: Apache-2.0

package link

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// spinTime is how long a thread looks again and again before it sleeps: about as long as a core that sleeps, too, takes on a
	// virtual machine to wake up and answer.
	spinTime = 80 * time.Microsecond
	// mostSkipped is how many waits at most follow one that was in vain before the next attempt: a thousandth of their time.
	mostSkipped = 1024
)

// oneCore: who looks again and again keeps the server from answering.
var oneCore = runtime.NumCPU() == 1

// spin waits for answers that come sooner than the kernel can put a thread to sleep and wake it up again, as those of a node on
// the same machine do: that takes two fifths off a select by key. It learns which links have such answers; on others, and where
// other threads want the cores, it wastes nothing.
type spin struct {
	skipped int // waits that are still to go without
	backoff int // how many went without after the last attempt that was in vain; 0 when one was not
}

// wait tells whether an answer has come. The first of the descriptors is the waker's.
func (s *spin) wait(fds []unix.PollFd) bool {
	if !s.wanted() {
		return false
	}
	for begun := time.Now(); ; { // it looks once at least, also where the kernel takes it its core before that
		if n, err := unix.Poll(fds, 0); err != nil || n > 0 {
			answered := err == nil && fds[0].Revents == 0
			s.learn(answered)
			return answered
		}
		if time.Since(begun) >= spinTime {
			s.learn(false)
			return false
		}
	}
}

func (s *spin) wanted() bool {
	if s.skipped > 0 {
		s.skipped--
		return false
	}
	return !oneCore
}

func (s *spin) learn(answered bool) {
	if answered {
		s.backoff = 0
		return
	}
	s.backoff = min(max(2*s.backoff, 2), mostSkipped)
	s.skipped = s.backoff
}
