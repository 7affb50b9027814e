// SPDX-License-Identifier: Apache-2.0

package link

import (
	"testing"

	"golang.org/x/sys/unix"
)

// pair is a socket with its peer, and descriptors as a link waits for them.
func pair(t *testing.T) (peer int, w *Waker, fds []unix.PollFd) {
	t.Helper()
	sockets, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(sockets[0]); unix.Close(sockets[1]) })
	w, err = NewWaker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return sockets[1], w, []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}, {Fd: int32(sockets[0]), Events: unix.POLLIN}}
}

// say has the peer send something.
func say(t *testing.T, peer int) {
	t.Helper()
	if _, err := unix.Write(peer, []byte("x")); err != nil {
		t.Fatal(err)
	}
}

func withCores(t *testing.T, one bool) {
	t.Helper()
	before := oneCore
	oneCore = one
	t.Cleanup(func() { oneCore = before })
}

func TestAnAnswerThatIsThereEndsTheSpin(t *testing.T) {
	withCores(t, false)
	peer, _, fds := pair(t)
	say(t, peer)
	var s spin
	if !s.wait(fds) || s.backoff != 0 {
		t.Errorf("%+v", s)
	}
}

func TestASpinInVainIsRepeatedLessAndLess(t *testing.T) {
	withCores(t, false)
	_, _, fds := pair(t)
	var s spin
	for _, waits := range []int{2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024} {
		if s.wait(fds) || s.skipped != waits {
			t.Fatalf("%+v, not %d", s, waits)
		}
		for range waits {
			if s.wanted() {
				t.Fatalf("%+v wants again", s)
			}
		}
	}
}

func TestAnAnswerMakesItTryAgain(t *testing.T) {
	withCores(t, false)
	s := spin{backoff: 512}
	s.learn(true)
	if !s.wanted() || s.backoff != 0 {
		t.Errorf("%+v", s)
	}
}

func TestACancellationEndsTheSpin(t *testing.T) {
	withCores(t, false)
	peer, w, fds := pair(t)
	say(t, peer)
	w.Raise()
	var s spin
	if s.wait(fds) {
		t.Error("the answer came first")
	}
}

func TestOneCoreIsLeftToTheServer(t *testing.T) {
	withCores(t, true)
	peer, _, fds := pair(t)
	say(t, peer)
	var s spin
	if s.wait(fds) {
		t.Errorf("%+v", s)
	}
}
