// SPDX-License-Identifier: Apache-2.0

package link

import "sync/atomic"

// News is what an event loop has heard of a socket since the last look at it.
type News struct {
	came  atomic.Bool // something to read
	ended atomic.Bool // nothing will come any more; this is heard once, and stays
}

// Add takes note of an event. It may be called from any thread.
func (n *News) Add(ended bool) {
	n.came.Store(true)
	if ended {
		n.ended.Store(true)
	}
}

// Forget makes it the news of another socket.
func (n *News) Forget() {
	n.came.Store(false)
	n.ended.Store(false)
}

func (n *News) look()      { n.came.Store(false) }
func (n *News) none() bool { return !n.came.Load() && !n.ended.Load() }
