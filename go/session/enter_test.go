// SPDX-License-Identifier: Apache-2.0

package session

import (
	"testing"

	"dqlitepy.dev/go/fault"
)

// The goroutine that reads ahead gives the session back in two steps. Between them nobody may be told that another thread has it.
func TestWhoComesWhileItReadsAheadWaitsForIt(t *testing.T) {
	var s Session
	left := make(chan struct{})
	s.ahead.Store(&left)
	s.mu.Lock()
	entered := make(chan *fault.Error)
	go func() { entered <- s.Enter() }()
	s.mu.Unlock()
	close(left)
	if failure := <-entered; failure != nil {
		t.Error(failure)
	}
	if s.Enter() == nil {
		t.Error("two threads have it")
	}
}

func TestAnotherThreadIsRefused(t *testing.T) {
	var s Session
	if failure := s.Enter(); failure != nil {
		t.Fatal(failure)
	}
	if s.Enter() == nil {
		t.Error("two threads have it")
	}
}
