// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// SetCancelPatience gives servers another time to end what was cancelled, until the function that it returns is called.
func SetCancelPatience(duration time.Duration) (undo func()) {
	before := cancelPatience
	cancelPatience = duration
	return func() { cancelPatience = before }
}

// SetLongSilence makes sessions ask earlier whether a silent server still leads, until the function that it returns is called.
func SetLongSilence(duration time.Duration) (undo func()) {
	before := longSilence
	longSilence = duration
	return func() { longSilence = before }
}
