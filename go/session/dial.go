// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// deadAfter is how long a server that has vanished without a word is taken for alive, whether or not something is on its way
// to it. A server that computes answers the kernel's questions, so no statement is too long for it.
const deadAfter = 30 * time.Second

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: deadAfter / 2, Interval: deadAfter / 6, Count: 3}

// caller is a connection that is being made, until the context ends.
type caller struct {
	net.Conn
	stream  io.ReadWriter // the connection, or TLS over it
	secure  *tls.Conn
	trust   *credentials.Credentials // good with secure
	release func() bool
}

// call connects to host:port, or to "@name", an abstract unix socket.
func call(ctx context.Context, address string, trust *credentials.Credentials) (*caller, error) {
	network := "tcp"
	if strings.HasPrefix(address, "@") {
		network, trust = "unix", nil // within one machine
	}
	dialer := net.Dialer{KeepAliveConfig: keepAlive}
	if network == "unix" {
		dialer.Control = nameSocket
	}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, causeOfDial(err)
	}
	c := &caller{Conn: connection, stream: connection}
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

func (c *caller) hangUp() {
	c.release()
	c.Conn.Close()
}

// ask sends requests in one go and returns as many answers. A server that has no room for another connection says so before it
// is asked anything, and closes this one.
func (c *caller) ask(requests []byte, answers int) ([]wire.Frame, error) {
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
				if reason := refused(frames[i-1]); reason != errNotLeader { // which is no reason to close the connection
					return nil, reason
				}
			}
			return nil, c.explain(err)
		}
	}
	return frames, nil
}

func (c *caller) explain(err error) error {
	switch {
	case errors.As(err, new(*wire.Error)), errors.As(err, new(errFinal)):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	case c.secure != nil && isAlert(err): // TLS 1.3 tells a client late that it was turned away
		return explainTLS(err, c.trust)
	}
	if c.secure == nil && errors.Is(err, io.EOF) && c.Conn.RemoteAddr().Network() == "tcp" {
		return errors.New("it closed the connection without an answer; perhaps it wants TLS")
	}
	return errors.New(link.Describe(cause(err)))
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

// greet begins the conversation.
func (c *caller) greet() error {
	if _, err := c.stream.Write(wire.AppendHandshake(nil)); err != nil {
		return c.explain(err)
	}
	return nil
}

// resume makes a connection that was kept end with another context.
func (c *caller) resume(ctx context.Context) bool {
	c.release = context.AfterFunc(ctx, func() { c.Conn.SetDeadline(time.Unix(1, 0)) })
	return ctx.Err() == nil
}

// nameSocket lets the kernel invent an address for a unix socket, by which a server in this process knows it again. Where the
// kernel does not, there is no shortcut.
func nameSocket(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) { unix.Bind(int(fd), &unix.SockaddrUnix{}) })
}

// handOver makes a link of the connection.
func (c *caller) handOver(address string, options *Options) (*link.Link, error) {
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

// causeOfDial tells an address that can never work from a server that does not answer yet.
func causeOfDial(err error) error {
	var address *net.AddrError
	if errors.As(err, &address) {
		return errFinal{fmt.Errorf("%s (an address is host:port)", address.Err)}
	}
	return cause(err)
}

// cause is what went wrong with a connection, without the address that the message around it names anyway.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		var code *syscall.Errno
		if errors.As(op.Err, &code) {
			return *code
		}
		return op.Err
	}
	return err
}

// errNotLeader is why a server does not open a database.
var errNotLeader = errors.New("it is not the leader")

// errNoLeader is what a server says during an election, or while it sees no majority.
var errNoLeader = errors.New("it knows no leader")

func refused(frame wire.Frame) error {
	failure, err := wire.DecodeFailure(frame)
	switch {
	case err != nil:
		return err
	case failure.Code == wire.CodeNotLeader:
		return errNotLeader
	}
	return fmt.Errorf("%s (code %d)", failure.Message, failure.Code)
}

// errOtherCluster is why a server is not used whose address was learned.
var errOtherCluster = errors.New("it belongs to another cluster by now")

// enter opens the database on a server, unless any will do. Where that is not the leader, it returns whom the server takes for
// it. A server whose address was only learned must know some of the members that were learned with it.
func enter(ctx context.Context, address string, learned bool, options *Options) (l *link.Link, leader string, err error) {
	c, err := call(ctx, address, options.Credentials)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if l == nil {
			c.hangUp()
		}
	}()
	if options.AnyServer {
		if _, err := c.ask(wire.AppendLeader(wire.AppendHandshake(nil)), 1); err != nil {
			return nil, "", err
		}
		l, err = c.handOver(address, options)
		return l, "", err
	}
	requests := wire.AppendOpen(wire.AppendHandshake(nil), options.Database)
	answers := 1
	if !options.Local {
		requests = wire.AppendCluster(wire.AppendLeader(requests))
		answers += 2
	}
	frames, err := c.ask(requests, answers)
	if err != nil {
		return nil, "", err
	}
	var known []wire.Member
	if !options.Local {
		known, _ = wire.DecodeServers(frames[2]) // a refusal, or nonsense, teaches nothing
		if learned && !options.members.Shares(known) {
			return nil, "", errOtherCluster
		}
	}
	if frames[0].Type != wire.ResponseFailure {
		if err := wire.DecodeDB(frames[0]); err != nil {
			return nil, "", err
		}
		if l, err = c.handOver(address, options); l != nil && !options.Local {
			server, _ := wire.DecodeServer(frames[1])
			l.ServerID = server.ID
			if known != nil {
				options.members.Learn(known)
			}
		}
		return l, "", err
	}
	if err := refused(frames[0]); err != errNotLeader || options.Local {
		return nil, "", err
	}
	if frames[1].Type == wire.ResponseFailure {
		return nil, "", refused(frames[1])
	}
	server, err := wire.DecodeServer(frames[1])
	switch {
	case err != nil:
		return nil, "", err
	case server.Address == "":
		return nil, "", errNoLeader
	case server.Address == address:
		return nil, "", errNotLeader
	case !members.Leads(address, server.Address):
		return nil, "", fmt.Errorf("it names %q as the leader, which is no address", server.Address)
	}
	return nil, server.Address, fmt.Errorf("it names %s as the leader", server.Address)
}
