// SPDX-License-Identifier: Apache-2.0

package main

import "sync/atomic"

// attachment is a handle's poller, if it has one.
type attachment struct {
	poller atomic.Pointer[poller]
}

// attachTo makes the poller name the handle when the job under way, if any, is done.
func (a *attachment) attachTo(p *poller, handle uint64, j *job) {
	a.poller.Store(p)
	a.awaits(handle, j)
}

// awaits makes the poller name the handle when the job is done. It is called when a slice ended before the job did.
func (a *attachment) awaits(handle uint64, j *job) {
	if p := a.poller.Load(); p != nil && j != nil {
		j.whenDone(func() { p.enqueue(handle) })
	}
}
