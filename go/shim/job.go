// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"dqlitepy.dev/go/fault"
)

// job is work that runs beside its caller, who waits for it in slices.
type job struct {
	done    chan struct{}
	cancel  context.CancelFunc
	failure *fault.Error // good once done is closed

	mu       sync.Mutex
	finished bool
	follower func() // called when the job is done
}

func startJob(work func(context.Context) *fault.Error) *job {
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer cancel()
		defer j.finish()
		defer func() {
			if reason := recover(); reason != nil {
				j.failure = fault.Defect(reason)
			}
		}()
		j.failure = work(ctx)
	}()
	return j
}

func (j *job) finish() {
	close(j.done)
	j.mu.Lock()
	j.finished = true
	follower := j.follower
	j.mu.Unlock()
	if follower != nil {
		follower()
	}
}

// whenDone has the follower called once the job is done, at once where it is. It replaces the one before.
func (j *job) whenDone(follower func()) {
	j.mu.Lock()
	j.follower = follower
	finished := j.finished
	j.mu.Unlock()
	if finished {
		follower()
	}
}

// wait tells whether the job was done before the slice ended.
func (j *job) wait(slice time.Duration) bool {
	select {
	case <-j.done:
		return true
	default:
		if slice <= 0 {
			return false
		}
	}
	timer := time.NewTimer(slice)
	defer timer.Stop()
	select {
	case <-j.done:
		return true
	case <-timer.C:
		return false
	}
}
