// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// waker ends a wait from another thread, through an eventfd that is polled beside the socket.
type waker struct {
	fd     int
	signal chan struct{} // the same for waits that are not on descriptors
	raised atomic.Bool
	mu     sync.Mutex // held to raise and to close, so that nobody writes to a descriptor that is someone else's by now
	closed bool
}

func newWaker() (*waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("no eventfd for a connection: %w (ulimit -n limits their number)", err)
	}
	return &waker{fd: fd, signal: make(chan struct{}, 1)}, nil
}

// raise may be called from any thread, at any time.
func (w *waker) raise() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed && !w.raised.Swap(true) {
		unix.Write(w.fd, binary.NativeEndian.AppendUint64(nil, 1))
		select {
		case w.signal <- struct{}{}:
		default:
		}
	}
}

// clear takes back what was raised and tells whether anything was.
func (w *waker) clear() bool {
	raised := w.raised.Swap(false)
	if raised {
		var count [8]byte
		unix.Read(w.fd, count[:])
		select {
		case <-w.signal:
		default:
		}
	}
	return raised
}

// poll waits for the descriptors, of which the first is the waker's own. It returns nil when another one is ready. A zero
// deadline is that of a caller who has just looked and waits elsewhere.
func (w *waker) poll(fds []unix.PollFd, deadline time.Time) error {
	if deadline.IsZero() {
		return errSliceEnded
	}
	for {
		_, err := unix.Poll(fds, milliseconds(time.Until(deadline)))
		if err == unix.EINTR {
			return errSliceEnded // a signal: its handler may want to run before the wait goes on
		}
		if err != nil {
			return err
		}
		if fds[0].Revents != 0 {
			if w.clear() {
				return errCancelled
			}
			var late [8]byte // raised and cleared before it was written
			unix.Read(w.fd, late[:])
			continue
		}
		for _, fd := range fds[1:] {
			if fd.Revents != 0 {
				return nil
			}
		}
		if !time.Now().Before(deadline) {
			return errSliceEnded
		}
	}
}

func (w *waker) sleep(deadline time.Time) error {
	fds := [1]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
	return w.poll(fds[:], deadline)
}

// await waits until done is closed.
func (w *waker) await(done <-chan struct{}, deadline time.Time) error {
	select {
	case <-done:
		return nil
	default:
		if deadline.IsZero() {
			return errSliceEnded
		}
	}
	select {
	case <-done:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-w.signal:
			if w.raised.Load() {
				w.clear()
				return errCancelled
			}
		case <-timer.C:
			return errSliceEnded
		}
	}
}

func (w *waker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		unix.Close(w.fd)
	}
}

// milliseconds rounds up, so that a wait does not spin through its last fraction.
func milliseconds(left time.Duration) int {
	if left <= 0 {
		return 0
	}
	return int(min((left+time.Millisecond-1)/time.Millisecond, math.MaxInt32))
}
