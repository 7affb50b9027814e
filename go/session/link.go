// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

var (
	errSliceEnded = errors.New("the slice ended")
	errCancelled  = errors.New("cancelled")
)

// link carries frames over a non-blocking socket, on the thread that calls: Go's netpoller would hand the wait to another
// thread, which costs half as much again as a whole point select. A wait ends with the slice; the partial frame and the
// unsent bytes stay for the next call.
type link struct {
	fd        int
	address   string
	serverID  uint64 // 0 where it is not known
	waker     *waker
	secure    *tls.Conn  // nil without TLS
	transport *transport // below secure
	out       []byte     // requests, of which the first sent bytes are on their way
	sent      int
	in        []byte // what was received; the frame given out last begins before start
	start     int
	mapped    bool  // in is no memory of Go's
	awaiting  bool  // the server owes an answer
	drained   bool  // the last look at the socket took all that had come
	silent    bool  // what is queued is not begun yet, and nothing may come before it is
	harmless  bool  // to lose the link with what is queued costs nothing but another attempt
	news      *News // nil where nobody is told of any
	spin      spin

	shortcut     Shortcut     // nil where there is none
	findShortcut FindShortcut // nil once it is decided
}

// queue puts a request in line.
func (l *link) queue(encode func([]byte) []byte) {
	l.silent = l.silent || !l.awaiting
	l.out = encode(l.out)
}

// unsent tells whether the last request has not gone out whole, so that the server never runs it.
func (l *link) unsent() bool {
	return l.sent < len(l.out) || l.secure != nil && len(l.transport.sealed) > 0
}

// checkSilence looks before a request is sent, while it is sure that it does not run. It finds a server that has ended the
// connection meanwhile, and an answer too many, which the request would take for its own. An event loop that has not been told of
// either will be soon: for what can be repeated, that saves a system call.
func (l *link) checkSilence() error {
	l.silent = false
	surplus := len(l.in) - l.start
	if surplus == 0 {
		if l.harmless && l.drained && l.news != nil && l.news.none() {
			return nil
		}
		if err := l.makeRoom(wire.HeaderSize); err != nil {
			return err
		}
		n, err := l.pull(l.in[len(l.in):cap(l.in)])
		switch {
		case err == unix.EAGAIN, err == unix.EINTR:
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.EOF
		}
		surplus = n
	}
	return wire.Errorf("%d bytes that answer no request", surplus)
}

// send writes what is queued, waiting until the deadline for room.
func (l *link) send(deadline time.Time) error {
	for {
		if l.secure != nil {
			if err := l.sendSealed(deadline); err != nil {
				return err
			}
		} else if err := l.write(l.out, &l.sent, deadline); err != nil {
			return err
		}
		if l.sent == len(l.out) {
			l.out, l.sent = l.out[:0], 0
			return nil
		}
	}
}

func (l *link) sendSealed(deadline time.Time) error {
	t := l.transport
	if len(t.sealed) == 0 {
		n, err := t.seal(l.secure, l.out[l.sent:])
		l.sent += n
		if err != nil {
			return err
		}
	}
	sent := 0
	err := l.write(t.sealed, &sent, deadline)
	t.sealed = t.sealed[:copy(t.sealed, t.sealed[sent:])]
	return err
}

// write writes all of data behind the first *sent bytes.
func (l *link) write(data []byte, sent *int, deadline time.Time) error {
	for {
		n, err := unix.SendmsgN(l.fd, data[*sent:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		*sent += max(n, 0)
		if *sent == len(data) {
			return nil
		}
		if err == unix.EAGAIN {
			err = l.wait(unix.POLLOUT, deadline)
		}
		if err != nil && err != unix.EINTR {
			return err
		}
	}
}

// receive sends what is queued and returns the next frame, whose body is good until the next call.
func (l *link) receive(deadline time.Time) (wire.Frame, error) { return l.receiveAfter(nil, deadline) }

// receiveAfter is receive for a caller who can do something else while the server is at work.
func (l *link) receiveAfter(meanwhile func(), deadline time.Time) (wire.Frame, error) {
	if l.unsent() {
		if !l.silent || !l.call(!deadline.IsZero()) {
			if err := l.submit(deadline); err != nil {
				return wire.Frame{}, err
			}
		}
		if meanwhile != nil && len(l.in) == l.start {
			meanwhile()
		}
		// Nothing can be there yet; and who waits for edges is told of what comes from now on, as all before was read.
		if len(l.in) == l.start && l.secure == nil && (l.drained || !deadline.IsZero()) {
			if err := l.wait(unix.POLLIN, deadline); err != nil {
				return wire.Frame{}, err
			}
		}
	}
	for {
		frame, need, err := l.take()
		if err != nil || need == 0 {
			return frame, err
		}
		if err := l.read(need, deadline); err != nil {
			return wire.Frame{}, err
		}
	}
}

// submit sends what is queued through the socket.
func (l *link) submit(deadline time.Time) error {
	if l.silent {
		if err := l.checkSilence(); err != nil {
			return err
		}
	}
	return l.send(deadline)
}

// receivePiece sends what is queued and returns the next size bytes, good until the next call: for an answer that is larger
// than memory should hold.
func (l *link) receivePiece(size uint64, deadline time.Time) ([]byte, error) {
	if l.unsent() {
		if err := l.send(deadline); err != nil {
			return nil, err
		}
	}
	for uint64(len(l.in)-l.start) < size {
		if err := l.read(size, deadline); err != nil {
			return nil, err
		}
	}
	piece := l.in[l.start : l.start+int(size)]
	l.start += int(size)
	return piece, nil
}

// read adds what has come in, or waits until the deadline for something to come in. The buffer grows towards need bytes.
func (l *link) read(need uint64, deadline time.Time) error {
	if err := l.makeRoom(need); err != nil {
		return err
	}
	n, err := l.pull(l.in[len(l.in):cap(l.in)])
	switch {
	case err == unix.EAGAIN:
		return l.wait(unix.POLLIN, deadline)
	case err == unix.EINTR:
		return nil
	case err != nil:
		return err
	case n == 0:
		return io.EOF
	}
	l.in = l.in[:len(l.in)+n]
	return nil
}

// pull takes what has come in without waiting.
func (l *link) pull(buffer []byte) (int, error) {
	if l.secure == nil {
		if l.news != nil {
			l.news.look()
		}
		n, err := unix.Read(l.fd, buffer)
		l.drained = err == unix.EAGAIN || err == nil && n < len(buffer)
		return n, err
	}
	n, err := l.secure.Read(buffer)
	if n > 0 {
		return n, nil
	}
	if errors.Is(err, errAgain) {
		return 0, unix.EAGAIN
	}
	return 0, err
}

// take cuts the next frame off the input. Where it is not whole yet, need is the size it will have.
func (l *link) take() (frame wire.Frame, need uint64, err error) {
	received := l.in[l.start:]
	if len(received) < wire.HeaderSize {
		return wire.Frame{}, wire.HeaderSize, nil
	}
	header, err := wire.DecodeHeader(received)
	if err == nil {
		err = header.Check()
	}
	if err != nil {
		return wire.Frame{}, 0, err
	}
	size := wire.HeaderSize + header.BodySize()
	if uint64(len(received)) < size {
		return wire.Frame{}, size, nil
	}
	l.start += int(size)
	return wire.Frame{Header: header, Body: received[wire.HeaderSize:size]}, 0, nil
}

// unread puts the frame back that was taken last.
func (l *link) unread(frame wire.Frame) { l.start -= wire.HeaderSize + len(frame.Body) }

// wait returns nil when the socket is ready.
func (l *link) wait(events int16, deadline time.Time) error {
	fds := [2]unix.PollFd{{Fd: int32(l.waker.fd), Events: unix.POLLIN}, {Fd: int32(l.fd), Events: events}}
	if events == unix.POLLIN && !deadline.IsZero() && l.spin.wait(fds[:]) {
		return nil
	}
	return l.waker.poll(fds[:], deadline)
}

func describe(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the server closed the connection"
	}
	return fmt.Sprintf("the connection failed: %v", err)
}
