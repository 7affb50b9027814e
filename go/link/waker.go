// SPDX-License-Identifier: Apache-2.0

package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// What a wait ends with before anything has come.
var (
	ErrSliceEnded = errors.New("the slice ended")
	ErrCancelled  = errors.New("cancelled")
)

// Waker ends a wait from another thread, through an eventfd that is polled beside the socket.
type Waker struct {
	fd     int
	signal chan struct{} // the same for waits that are not on descriptors
	raised atomic.Bool
	mu     sync.Mutex // held to raise and to close, so that nothing is written to a descriptor that has another owner by then
	closed bool
}

// NewWaker makes a waker, which takes a descriptor until Close.
func NewWaker() (*Waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("no eventfd for a connection: %w (ulimit -n limits their number)", err)
	}
	return &Waker{fd: fd, signal: make(chan struct{}, 1)}, nil
}

// Descriptor can be read once the waker was raised. It stays the same until close.
func (w *Waker) Descriptor() int { return w.fd }

// Raised tells whether Clear would return true.
func (w *Waker) Raised() bool { return w.raised.Load() }

// Raise may be called from any thread, at any time.
func (w *Waker) Raise() {
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

// Clear takes back what was raised and tells whether anything was.
func (w *Waker) Clear() bool {
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
func (w *Waker) poll(fds []unix.PollFd, deadline time.Time) error {
	if deadline.IsZero() {
		return ErrSliceEnded
	}
	for {
		_, err := unix.Poll(fds, milliseconds(time.Until(deadline)))
		if err == unix.EINTR {
			return ErrSliceEnded // a signal: its handler may want to run before the wait goes on
		}
		if err != nil {
			return err
		}
		if fds[0].Revents != 0 {
			if w.Clear() {
				return ErrCancelled
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
			return ErrSliceEnded
		}
	}
}

// Sleep waits until the deadline: it ends with ErrSliceEnded, or earlier with ErrCancelled.
func (w *Waker) Sleep(deadline time.Time) error {
	fds := [1]unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
	return w.poll(fds[:], deadline)
}

// Await waits until done is closed.
func (w *Waker) Await(done <-chan struct{}, deadline time.Time) error {
	select {
	case <-done:
		return nil
	default:
		if deadline.IsZero() {
			return ErrSliceEnded
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
				w.Clear()
				return ErrCancelled
			}
		case <-timer.C:
			return ErrSliceEnded
		}
	}
}

// Close gives the descriptor back. A waker may be raised afterwards: nothing happens.
func (w *Waker) Close() {
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

// Earlier is the first of two times.
func Earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
