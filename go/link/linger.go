// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

// close frees the socket. A server whose result is still streaming would keep the statement, its locks and in the end its
// process's node from stopping, so what is under way is read to its end in the background first; done is called then.
func (l *Link) close(linger time.Duration, done func()) {
	if l.shortcut != nil {
		l.shortcut.Close()
		l.shortcut = nil
	}
	if !l.Awaiting || l.Unsent() { // a request that is not sent whole never runs
		unix.Close(l.fd)
		l.release()
		done()
		return
	}
	go func() {
		defer done()
		defer l.release()
		file := os.NewFile(uintptr(l.fd), "dqlite")
		defer file.Close()
		connection, err := net.FileConn(file) // a second descriptor, which Go's netpoller waits for
		if err != nil {
			return
		}
		defer connection.Close()
		connection = &patientConn{Conn: connection, linger: linger, ends: time.Now().Add(10 * linger)}
		var stream io.ReadWriter = connection
		if l.secure != nil {
			l.transport.Conn = connection
			stream = l.secure
		}
		if _, err := stream.Write(wire.AppendInterrupt(nil)); err == nil {
			readToEnd(io.MultiReader(bytes.NewReader(l.in[l.start:]), stream))
		}
	}()
}

// patientConn waits for a server that says nothing no longer than linger, and for one that says too much no longer than until
// it ends. With a linger of 0 it waits for ever.
type patientConn struct {
	net.Conn
	linger time.Duration
	ends   time.Time
}

func (c *patientConn) Read(buffer []byte) (int, error) {
	c.limit()
	return c.Conn.Read(buffer)
}

func (c *patientConn) Write(data []byte) (int, error) {
	c.limit()
	return c.Conn.Write(data)
}

func (c *patientConn) limit() {
	if c.linger > 0 {
		c.SetDeadline(Earlier(time.Now().Add(c.linger), c.ends))
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
		if header.BodySize() > ReadSize {
			if _, err := io.CopyN(io.Discard, input, int64(header.BodySize())); err != nil {
				return
			}
			continue
		}
		body := make([]byte, header.BodySize())
		if _, err := io.ReadFull(input, body); err != nil || Endless(wire.Frame{Header: header, Body: body}) {
			return
		}
	}
}

// Endless recognizes a page without rows that says more follow: a stock server whose page is smaller than the names of the
// columns sends such pages for ever.
func Endless(frame wire.Frame) bool {
	rows, err := wire.DecodeRows(frame)
	if err != nil {
		return false
	}
	found, err := rows.Next(make([]wire.Value, len(rows.Names)))
	return err == nil && !found && rows.More
}
