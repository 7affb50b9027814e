// SPDX-License-Identifier: Apache-2.0

package link

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// spinTime is how long a thread polls before it sleeps: about as long as a sleeping core of a virtual machine takes to wake
	// up and answer.
	spinTime = 80 * time.Microsecond
	// mostSkipped bounds how many waits go without spinning after one that spun in vain, so that spinning wastes a thousandth
	// of the time.
	mostSkipped = 1024
)

// oneCore: with a single core, spinning keeps the server from answering.
var oneCore = runtime.NumCPU() == 1

// spin polls for answers that come sooner than the kernel can put a thread to sleep and wake it again, as those of a node on
// the same machine do. That takes two fifths off a select by key. It learns which links have such answers, and does not spin on
// the others.
type spin struct {
	skipped int // waits still to skip
	backoff int // how many were skipped after the last spin in vain; 0 after one that was not
}

// wait tells whether an answer has come. The first of the descriptors is the waker's.
func (s *spin) wait(fds []unix.PollFd) bool {
	if !s.wanted() {
		return false
	}
	for begun := time.Now(); ; { // it polls at least once, also if the kernel preempts the thread before
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
