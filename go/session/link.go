// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

const (
	// readSize is what the input buffer has at least room for: one of our server's pages and a little more.
	readSize = 80 << 10
	// keepSize is how large a buffer may stay when nothing is under way.
	keepSize = 1 << 20
)

var (
	errSliceEnded = errors.New("the slice ended")
	errCancelled  = errors.New("cancelled")
)

// link carries frames over a non-blocking socket, on the thread that calls: Go's netpoller would hand the wait to another
// thread, which costs half as much again as a whole point select. A wait ends with the slice; the partial frame and the
// unsent bytes stay for the next call.
type link struct {
	fd       int
	waker    *waker
	out      []byte // what is still to be sent
	in       []byte // what was received; the frame given out last begins before start
	start    int
	awaiting bool // the server owes an answer
	silent   bool // what is queued is not begun yet, and nothing may come before it is
}

// queue puts a request in line.
func (l *link) queue(encode func([]byte) []byte) {
	l.silent = l.silent || !l.awaiting
	l.out = encode(l.out)
}

// checkSilence looks before a request is sent, while it is sure that it does not run. It finds a server that has ended the
// connection meanwhile, and an answer too many, which the request would take for its own.
func (l *link) checkSilence() error {
	l.silent = false
	surplus := len(l.in) - l.start
	if surplus == 0 {
		l.makeRoom(wire.HeaderSize)
		n, err := unix.Read(l.fd, l.in[len(l.in):cap(l.in)])
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
	for sent := 0; ; {
		n, err := unix.SendmsgN(l.fd, l.out[sent:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		sent += max(n, 0)
		if sent == len(l.out) {
			l.out = l.out[:0]
			return nil
		}
		if err == unix.EAGAIN {
			err = l.wait(unix.POLLOUT, deadline)
		}
		if err != nil && err != unix.EINTR {
			l.out = l.out[:copy(l.out, l.out[sent:])]
			return err
		}
	}
}

// receive sends what is queued and returns the next frame, whose body is good until the next call.
func (l *link) receive(deadline time.Time) (wire.Frame, error) {
	if l.silent {
		if err := l.checkSilence(); err != nil {
			return wire.Frame{}, err
		}
	}
	if len(l.out) > 0 {
		if err := l.send(deadline); err != nil {
			return wire.Frame{}, err
		}
		if len(l.in) == l.start { // nothing can be there yet
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

// receivePiece sends what is queued and returns the next size bytes, good until the next call: for an answer that is larger
// than memory should hold.
func (l *link) receivePiece(size uint64, deadline time.Time) ([]byte, error) {
	if len(l.out) > 0 {
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
	l.makeRoom(need)
	n, err := unix.Read(l.fd, l.in[len(l.in):cap(l.in)])
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

// take cuts the next frame off the input. Where it is not whole yet, need is the size it will have.
func (l *link) take() (frame wire.Frame, need uint64, err error) {
	received := l.in[l.start:]
	if len(received) < wire.HeaderSize {
		return wire.Frame{}, wire.HeaderSize, nil
	}
	header, err := wire.DecodeHeader(received)
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

// makeRoom moves the partial frame to the front and lets the buffer grow with what has really come: a header alone may
// promise 32 GiB.
func (l *link) makeRoom(need uint64) {
	if l.start > 0 {
		l.in = l.in[:copy(l.in, l.in[l.start:])]
		l.start = 0
	}
	if len(l.in) < cap(l.in) {
		return
	}
	size := min(max(need, readSize), 2*uint64(len(l.in))+readSize)
	l.in = append(make([]byte, 0, size), l.in...)
}

// rest gives back what an unusually large message took, and tells how much that was.
func (l *link) rest() (bytes int) {
	if cap(l.in) > keepSize && l.start == len(l.in) {
		bytes += cap(l.in)
		l.in, l.start = nil, 0
	}
	if cap(l.out) > keepSize {
		bytes += cap(l.out)
		l.out = nil
	}
	return bytes
}

// wait returns nil when the socket is ready.
func (l *link) wait(events int16, deadline time.Time) error {
	fds := [2]unix.PollFd{{Fd: int32(l.waker.fd), Events: unix.POLLIN}, {Fd: int32(l.fd), Events: events}}
	return l.waker.poll(fds[:], deadline)
}

// close frees the socket. A server whose result is still streaming would keep the statement, its locks and in the end its
// process's node from stopping, so what is under way is read to its end in the background first; done is called then.
func (l *link) close(linger time.Duration, done func()) {
	if !l.awaiting || len(l.out) > 0 { // a request that is not sent whole never runs
		unix.Close(l.fd)
		done()
		return
	}
	go func() {
		defer done()
		file := os.NewFile(uintptr(l.fd), "dqlite")
		defer file.Close()
		remaining := &patientReader{file: file, linger: linger, ends: time.Now().Add(10 * linger)}
		if _, err := remaining.Write(wire.AppendInterrupt(nil)); err == nil {
			readToEnd(io.MultiReader(bytes.NewReader(l.in[l.start:]), remaining))
		}
	}()
}

// patientReader waits for a server that says nothing no longer than linger, and for one that says too much no longer than
// until it ends. With a linger of 0 it waits for ever.
type patientReader struct {
	file   *os.File
	linger time.Duration
	ends   time.Time
}

func (r *patientReader) Read(buffer []byte) (int, error) {
	r.limit()
	return r.file.Read(buffer)
}

func (r *patientReader) Write(data []byte) (int, error) {
	r.limit()
	return r.file.Write(data)
}

func (r *patientReader) limit() {
	if r.linger > 0 {
		r.file.SetDeadline(earlier(time.Now().Add(r.linger), r.ends))
	}
}

// readToEnd reads frames until the answer to INTERRUPT, which is the last.
func readToEnd(input io.Reader) {
	var raw [wire.HeaderSize]byte
	for {
		if _, err := io.ReadFull(input, raw[:]); err != nil {
			return
		}
		header, err := wire.DecodeHeader(raw[:])
		if err != nil || header.Type == wire.ResponseEmpty {
			return
		}
		if header.BodySize() > readSize {
			if _, err := io.CopyN(io.Discard, input, int64(header.BodySize())); err != nil {
				return
			}
			continue
		}
		body := make([]byte, header.BodySize())
		if _, err := io.ReadFull(input, body); err != nil || endless(wire.Frame{Header: header, Body: body}) {
			return
		}
	}
}

// endless recognizes a page without rows that says more follow: a stock server whose page is smaller than the names of the
// columns sends such pages for ever.
func endless(frame wire.Frame) bool {
	rows, err := wire.DecodeRows(frame)
	if err != nil {
		return false
	}
	found, err := rows.Next(make([]wire.Value, len(rows.Names)))
	return err == nil && !found && rows.More
}

func describe(err error) string {
	if errors.Is(err, io.EOF) {
		return "the server closed the connection"
	}
	return fmt.Sprintf("the connection failed: %v", err)
}
