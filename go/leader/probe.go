// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/here"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

// deadAfter is how long a server that has vanished without a word is taken for alive, whether or not something is on its way
// to it. A server that computes answers the kernel's questions, so no statement is too long for it.
const deadAfter = 30 * time.Second

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: deadAfter / 2, Interval: deadAfter / 6, Count: 3}

// probeConn is a connection that is being made, until the context ends.
type probeConn struct {
	net.Conn
	stream  io.ReadWriter // the connection, or TLS over it
	secure  *tls.Conn
	trust   *credentials.Credentials // good with secure
	release func() bool
}

// probe connects to host:port, or to "@name", an abstract unix socket.
func probe(ctx context.Context, address string, trust *credentials.Credentials) (*probeConn, error) {
	network := "tcp"
	if strings.HasPrefix(address, "@") {
		network, trust = "unix", nil // within one machine
	}
	dialer := net.Dialer{KeepAliveConfig: keepAlive}
	if network == "unix" {
		dialer.Control = nameSocket
	}
	connection, err := dialer.DialContext(ctx, network, here.Reach(address))
	if err != nil {
		return nil, causeOfDial(err)
	}
	c := &probeConn{Conn: connection, stream: connection}
	c.release = context.AfterFunc(ctx, func() { connection.SetDeadline(time.Unix(1, 0)) })
	if trust == nil {
		return c, nil
	}
	c.secure = link.Secure(connection, trust.Client(address))
	c.stream, c.trust = c.secure, trust
	if err := c.secure.HandshakeContext(ctx); err != nil {
		c.hangUp()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, explainTLS(err, trust)
	}
	return c, nil
}

func (c *probeConn) hangUp() {
	c.release()
	c.Conn.Close()
}

// ask sends requests in one go and returns as many answers. A server that has no room for another connection says so before it
// is asked anything, and closes this one.
func (c *probeConn) ask(requests []byte, answers int) ([]wire.Frame, error) {
	if _, err := c.stream.Write(requests); err != nil {
		if frame, other := readFrame(c.stream); other == nil && frame.Type == wire.ResponseFailure {
			return nil, refused(frame)
		}
		return nil, c.explain(err)
	}
	frames := make([]wire.Frame, answers)
	for i := range frames {
		var err error
		if frames[i], err = readFrame(c.stream); err != nil {
			if i > 0 && frames[i-1].Type == wire.ResponseFailure {
				if reason := refused(frames[i-1]); reason != ErrNotLeader { // which is no reason to close the connection
					return nil, reason
				}
			}
			return nil, c.explain(err)
		}
	}
	return frames, nil
}

func (c *probeConn) explain(err error) error {
	switch {
	case errors.As(err, new(*wire.Error)), errors.As(err, new(errFinal)):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case c.secure != nil && isAlert(err): // TLS 1.3 tells a client late that it was turned away
		return explainTLS(err, c.trust)
	}
	if c.secure == nil && errors.Is(err, io.EOF) && c.Conn.RemoteAddr().Network() == "tcp" {
		return errors.New("it closed the connection without an answer; it may require TLS")
	}
	return errors.New(link.Describe(cause(err)))
}

// greet begins the conversation.
func (c *probeConn) greet() error {
	if _, err := c.stream.Write(wire.AppendHandshake(nil)); err != nil {
		return c.explain(err)
	}
	return nil
}

// resume makes a connection that was kept end with another context.
func (c *probeConn) resume(ctx context.Context) bool {
	c.release = context.AfterFunc(ctx, func() { c.Conn.SetDeadline(time.Unix(1, 0)) })
	return ctx.Err() == nil
}

// nameSocket lets the kernel invent an address for a unix socket, by which a server in this process knows it again. Where the
// kernel does not, there is no shortcut.
func nameSocket(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) { unix.Bind(int(fd), &unix.SockaddrUnix{}) })
}

// handOver makes a link of the connection.
func (c *probeConn) handOver(address string, options *Options) (*link.Link, error) {
	if !c.release() {
		return nil, context.Canceled // its deadline has been set already
	}
	defer c.Conn.Close()
	l, err := link.New(c.Conn, c.secure, address, options.FindShortcut)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(address, "@") {
		// Keepalive alone does not see that what was sent is never acknowledged.
		unix.SetsockoptInt(l.Descriptor(), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadAfter.Milliseconds()))
	}
	return l, nil
}

// maxAnswer bounds the answers to what a client asks before it opens a database; a cluster has few members.
const maxAnswer = 1 << 20

func readFrame(input io.Reader) (wire.Frame, error) {
	raw := make([]byte, wire.HeaderSize)
	if n, err := io.ReadFull(input, raw); err != nil {
		if isTLS(raw[:n]) {
			return wire.Frame{}, final("it wants TLS: connect with the authority (CA), a certificate and its key")
		}
		return wire.Frame{}, err
	}
	header, err := wire.DecodeHeader(raw)
	if err != nil {
		return wire.Frame{}, err
	}
	if header.BodySize() > maxAnswer {
		if isTLS(raw) {
			return wire.Frame{}, final("it wants TLS: connect with the authority (CA), a certificate and its key")
		}
		return wire.Frame{}, wire.Errorf("an answer of %d bytes", header.BodySize())
	}
	body := make([]byte, header.BodySize())
	_, err = io.ReadFull(input, body)
	return wire.Frame{Header: header, Body: body}, err
}
