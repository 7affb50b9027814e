// SPDX-License-Identifier: Apache-2.0

package link

import (
	"testing"

	"golang.org/x/sys/unix"
)

// watched is a link whose socket an event loop looks after, with its peer.
func watched(t *testing.T) (l *Link, peer int) {
	t.Helper()
	peer, w, fds := pair(t)
	return &Link{fd: int(fds[1].Fd), Waker: w, Harmless: true, drained: true, News: new(News)}, peer
}

// Something has come that answers no request. It is found before the next one is sent, but for what can be repeated where an
// event loop would report it and has not.
func TestWhoSendsWithoutALook(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Link)
		looks  bool
	}{
		"an event loop that was not told": {func(*Link) {}, false},
		"one that was":                    {func(l *Link) { l.News.Add(false) }, true},
		"none":                            {func(l *Link) { l.News = nil }, true},
		"what cannot be repeated":         {func(l *Link) { l.Harmless = false }, true},
		"what was there was not all read": {func(l *Link) { l.drained = false }, true},
	} {
		l, peer := watched(t)
		test.change(l)
		say(t, peer)
		if found := l.checkSilence() != nil; found != test.looks {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestALookMakesNewsOld(t *testing.T) {
	l, _ := watched(t)
	l.News.Add(false)
	if err := l.checkSilence(); err != nil || !l.News.none() || !l.drained {
		t.Errorf("%v, %+v", err, l)
	}
}

// It is heard of once, and the read that takes the answer does not see what is behind it.
func TestAnEndThatCameWithAnAnswerIsFound(t *testing.T) {
	l, peer := watched(t)
	say(t, peer)
	if err := unix.Shutdown(peer, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	l.News.Add(true)
	if n, err := l.pull(make([]byte, 16)); n != 1 || err != nil || !l.drained {
		t.Fatal(n, err, l.drained)
	}
	if err := l.checkSilence(); err == nil {
		t.Error("the end was not found")
	}
	l.News.Forget()
	if !l.News.none() {
		t.Error("another socket has not ended")
	}
}
