// SPDX-License-Identifier: Apache-2.0

package session

import (
	"time"

	"dqlitepy.dev/go/leader"
)

// SetCancelPatience gives servers another time to end what was cancelled, until the function that it returns is called.
func SetCancelPatience(duration time.Duration) (undo func()) {
	before := cancelPatience
	cancelPatience = duration
	return func() { cancelPatience = before }
}

// SetClosePatience gives servers another time to roll back what is closed, until the function that it returns is called.
func SetClosePatience(duration time.Duration) (undo func()) {
	before := closePatience
	closePatience = duration
	return func() { closePatience = before }
}

// SetAttemptTimeout bounds attempts at servers by another time, until the function that it returns is called.
func SetAttemptTimeout(duration time.Duration) (undo func()) {
	before := leader.AttemptTimeout
	leader.AttemptTimeout = duration
	return func() { leader.AttemptTimeout = before }
}

// SetLongSilence makes sessions ask earlier whether a silent server still leads, until the function that it returns is called.
func SetLongSilence(duration time.Duration) (undo func()) {
	before := longSilence
	longSilence = duration
	return func() { longSilence = before }
}
