// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/wire"
)

// retry spaces out the attempts at a statement that finds the database locked, as SQLite's own busy handler does.
type retry struct {
	deadline time.Time
	attempt  int
}

var pauses = [...]time.Duration{
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 15 * time.Millisecond,
	20 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond,
}

func newRetry(timeout time.Duration) retry { return retry{deadline: time.Now().Add(timeout)} }

// next tells whether the failure says that nothing ran and the time allows another attempt, and how long to pause before.
// SQLITE_BUSY_SNAPSHOT is another code: there only the whole transaction can be tried again.
func (r *retry) next(failure *wire.Failure) (time.Duration, bool) {
	left := time.Until(r.deadline)
	if failure.Code != wire.CodeBusy || left <= 0 {
		return 0, false
	}
	pause := pauses[min(r.attempt, len(pauses)-1)]
	r.attempt++
	return min(pause, left), true
}
