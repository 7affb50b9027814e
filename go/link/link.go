// SPDX-License-Identifier: Apache-2.0

// Package link carries frames between a thread and one server. A Link is a socket, with or without TLS, that the calling thread
// itself writes, polls and reads, in slices; a Waker ends its waits from another thread; a Group waits for the links that were
// given up. Nothing here knows what the frames say, but for the answer to INTERRUPT, behind which a link may be closed.
package link

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

// Link carries frames over a non-blocking socket, on the thread that calls: Go's netpoller would hand the wait to another
// thread, which costs half as much again as a whole point select. A wait ends with the slice; the partial frame and the
// unsent bytes stay for the next call.
type Link struct {
	fd        int
	Address   string
	ServerID  uint64 // 0 where it is not known
	Waker     *Waker
	secure    *tls.Conn  // nil without TLS
	transport *transport // below secure
	out       []byte     // requests, of which the first sent bytes are on their way
	sent      int
	in        []byte // what was received; the frame given out last begins before start
	start     int
	mapped    bool  // in is no memory of Go's
	Awaiting  bool  // the server owes an answer
	drained   bool  // the last look at the socket took all that had come
	silent    bool  // what is queued is not begun yet, and nothing may come before it is
	Harmless  bool  // to lose the link with what is queued costs nothing but another attempt
	News      *News // nil where nobody is told of any

	Local     bool   // the server reads what it has applied, and nothing else
	Positions bool   // answers end in what the server has applied
	Applied   uint64 // the last entry that it is known to have applied

	spin spin

	shortcut     Shortcut     // nil where there is none
	findShortcut FindShortcut // nil once it is decided
}

// New takes the socket of a connection, which it has under a second descriptor: the caller closes the first. With secure,
// which Secure made, TLS goes on as it is, and there is no shortcut.
func New(connection net.Conn, secure *tls.Conn, address string, find FindShortcut) (*Link, error) {
	fd, err := duplicate(connection)
	if err != nil {
		return nil, err
	}
	l := &Link{fd: fd, Address: address}
	if secure != nil {
		l.secure = secure
		l.transport = secure.NetConn().(*transport)
		l.transport.Conn, l.transport.fd = nil, fd
	} else {
		l.findShortcut = find
	}
	return l, nil
}

// duplicate takes the socket away from Go's netpoller. It stays non-blocking.
func duplicate(connection net.Conn) (int, error) {
	raw, err := connection.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	copied := -1
	var failed error
	err = raw.Control(func(fd uintptr) { copied, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	return copied, errors.Join(err, failed)
}

// Descriptor is that of the socket.
func (l *Link) Descriptor() int { return l.fd }

// Received is how many bytes of the next answer have come in.
func (l *Link) Received() int { return len(l.in) - l.start }

// Queue puts a request in line.
func (l *Link) Queue(encode func([]byte) []byte) {
	l.silent = l.silent || !l.Awaiting
	l.out = encode(l.out)
}

// Unsent tells whether the last request has not gone out whole, so that the server never runs it.
func (l *Link) Unsent() bool {
	return l.sent < len(l.out) || l.secure != nil && len(l.transport.sealed) > 0
}

// checkSilence looks before a request is sent, while it is sure that it does not run. It finds a server that has ended the
// connection meanwhile, and an answer too many, which the request would take for its own. An event loop that has not been told of
// either will be soon: for what can be repeated, that saves a system call.
func (l *Link) checkSilence() error {
	l.silent = false
	surplus := len(l.in) - l.start
	if surplus == 0 {
		if l.Harmless && l.drained && l.News != nil && l.News.none() {
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
func (l *Link) send(deadline time.Time) error {
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

func (l *Link) sendSealed(deadline time.Time) error {
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
func (l *Link) write(data []byte, sent *int, deadline time.Time) error {
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

// Receive sends what is queued and returns the next frame, whose body is good until the next call.
func (l *Link) Receive(deadline time.Time) (wire.Frame, error) { return l.ReceiveAfter(nil, deadline) }

// ReceiveAfter is Receive for a caller who can do something else while the server is at work.
func (l *Link) ReceiveAfter(whileWaiting func(), deadline time.Time) (wire.Frame, error) {
	if l.Unsent() {
		if !l.silent || !l.call(!deadline.IsZero()) {
			if err := l.submit(deadline); err != nil {
				return wire.Frame{}, err
			}
		}
		if whileWaiting != nil && len(l.in) == l.start {
			whileWaiting()
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
func (l *Link) submit(deadline time.Time) error {
	if l.silent {
		if err := l.checkSilence(); err != nil {
			return err
		}
	}
	return l.send(deadline)
}

// ReceivePiece sends what is queued and returns the next size bytes, good until the next call: for an answer that is larger
// than memory should hold.
func (l *Link) ReceivePiece(size uint64, deadline time.Time) ([]byte, error) {
	if l.Unsent() {
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
func (l *Link) read(need uint64, deadline time.Time) error {
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
func (l *Link) pull(buffer []byte) (int, error) {
	if l.secure == nil {
		if l.News != nil {
			l.News.look()
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
func (l *Link) take() (frame wire.Frame, need uint64, err error) {
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
	frame = wire.Frame{Header: header, Body: received[wire.HeaderSize:size]}
	if l.Positions && frame.HasPosition() {
		position, err := frame.TakePosition()
		if err != nil {
			return wire.Frame{}, 0, err
		}
		l.Applied = max(l.Applied, position)
	}
	l.start += int(size)
	return frame, 0, nil
}

// Unread puts the frame back that was taken last.
func (l *Link) Unread(frame wire.Frame) { l.start -= wire.HeaderSize + int(frame.BodySize()) }

// wait returns nil when the socket is ready.
func (l *Link) wait(events int16, deadline time.Time) error {
	fds := [2]unix.PollFd{{Fd: int32(l.Waker.fd), Events: unix.POLLIN}, {Fd: int32(l.fd), Events: events}}
	if events == unix.POLLIN && !deadline.IsZero() && l.spin.wait(fds[:]) {
		return nil
	}
	return l.Waker.poll(fds[:], deadline)
}

// Describe is what a failure of a connection is called in messages.
func Describe(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the server closed the connection"
	}
	return fmt.Sprintf("the connection failed: %v", err)
}
