// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"dqlitepy.dev/go/session"
)

// job is work that runs beside its caller, who waits for it in slices.
type job struct {
	done    chan struct{}
	cancel  context.CancelFunc
	failure *session.Error // good once done is closed
}

func startJob(work func(context.Context) *session.Error) *job {
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer cancel()
		defer close(j.done)
		defer func() {
			if reason := recover(); reason != nil {
				j.failure = session.Errorf(session.Internal, "a defect of dqlitepy's native library (%v); please report it", reason)
			}
		}()
		j.failure = work(ctx)
	}()
	return j
}

// wait tells whether the job was done before the slice ended.
func (j *job) wait(slice time.Duration) bool {
	select {
	case <-j.done:
		return true
	default:
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
