// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/wire"
)

// retry spaces out the attempts at a statement that finds the database locked, as SQLite's own busy handler does.
type retry struct {
	began   time.Time
	timeout time.Duration
	attempt int
}

// checkpointPatience is how long a checkpoint of the server may keep even readers out, whatever the caller's timeout for
// locks is: it is no lock that anybody holds, and over in milliseconds.
const checkpointPatience = 5 * time.Second

// checkpointing is what a server says that is busy with a checkpoint.
const checkpointing = "checkpoint in progress"

var pauses = [...]time.Duration{
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond,
	20 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond,
}

func newRetry(timeout time.Duration) retry { return retry{began: time.Now(), timeout: timeout} }

// next tells whether the failure says that nothing ran and the time allows another attempt, and how long to pause before.
// SQLITE_BUSY_SNAPSHOT is another code: there only the whole transaction can be tried again.
func (r *retry) next(failure *wire.Failure) (time.Duration, bool) {
	// Somebody makes the index of the WAL anew, as the first reader at a new leader does. Our servers call that checkpointing.
	recovering := failure.Code == wire.CodeBusyRecovery
	if failure.Code != wire.CodeBusy && !recovering {
		return 0, false
	}
	timeout := r.timeout
	if recovering || failure.Message == checkpointing {
		timeout = max(timeout, checkpointPatience)
	}
	left := time.Until(r.began.Add(timeout))
	if left <= 0 {
		return 0, false
	}
	pause := pauses[min(r.attempt, len(pauses)-1)]
	r.attempt++
	return min(pause, left), true
}
