// SPDX-License-Identifier: Apache-2.0

package session

import (
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Something has come that answers no request. It is found before the next one is sent, but for what can be repeated where an
// event loop would tell of it and has not.
func TestWhoSendsWithoutALook(t *testing.T) {
	told, untold := new(atomic.Bool), new(atomic.Bool)
	told.Store(true)
	for name, test := range map[string]struct {
		harmless, drained bool
		stirred           *atomic.Bool
		looks             bool
	}{
		"without an event loop":           {true, true, nil, true},
		"an event loop that was told":     {true, true, told, true},
		"one that was not":                {true, true, untold, false},
		"what cannot be repeated":         {false, true, untold, true},
		"what was there was not all read": {true, false, untold, true},
	} {
		peer, w, fds := pair(t)
		l := &link{fd: int(fds[1].Fd), waker: w, harmless: test.harmless, drained: test.drained, stirred: test.stirred}
		if _, err := unix.Write(peer, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if found := l.checkSilence() != nil; found != test.looks {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestALookTakesBackWhatAnEventLoopWasTold(t *testing.T) {
	_, w, fds := pair(t)
	stirred := new(atomic.Bool)
	stirred.Store(true)
	l := &link{fd: int(fds[1].Fd), waker: w, harmless: true, stirred: stirred}
	if err := l.checkSilence(); err != nil || stirred.Load() || !l.drained {
		t.Errorf("%v, %+v", err, l)
	}
}
