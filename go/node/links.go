// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/canonical/go-dqlite/v3/client"
	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
)

// vanishedAfter is how long data may stay unacknowledged before a connection counts as dead: without it a peer that vanished
// without a word is waited for until the kernel gives up, many minutes later.
const vanishedAfter = 30 * time.Second

// changeTimeout is how long a change of the configuration may keep the next one waiting.
const changeTimeout = 5 * time.Second

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: 3 * time.Second, Count: 3}

// network dials nodes; with credentials over TLS.
type network struct {
	credentials *credentials.Credentials // nil = no TLS
}

// dial connects to host:port, or to "@name", an abstract unix socket of this process's own node, which needs no TLS.
func (n network) dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: keepAlive, Control: limitSilence}
	if strings.HasPrefix(address, "@") {
		return (&net.Dialer{}).DialContext(ctx, "unix", address)
	}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil || n.credentials == nil {
		return connection, reason(err)
	}
	encrypted := tls.Client(connection, n.credentials.Client(address))
	if err := encrypted.HandshakeContext(ctx); err != nil {
		connection.Close()
		return nil, reason(err)
	}
	return encrypted, nil
}

func limitSilence(_, _ string, socket syscall.RawConn) error {
	var failed error
	err := socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanishedAfter.Milliseconds()))
	})
	return errors.Join(err, failed)
}

// reason is what went wrong, without the address that the message around it names anyway.
func reason(err error) error {
	var op *net.OpError
	var code syscall.Errno
	var record tls.RecordHeaderError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &record):
		return errors.New("it does not speak TLS")
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("it did not answer in time")
	case errors.As(err, &code):
		return code
	case errors.As(err, &op) && op.Timeout():
		return errors.New("it did not answer in time")
	case errors.As(err, &op) && op.Err != nil:
		return op.Err
	}
	return err
}

// link is a client of one node. It is closed when its context ends, which ends a call that waits for an answer.
type link struct {
	*client.Client
	address string
	unbind  func() bool
	close   func() error // of the socket
}

func (n network) connect(ctx context.Context, address string) (*link, error) {
	socket, err := n.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	given := func(context.Context, string) (net.Conn, error) { return socket, nil }
	c, err := client.New(ctx, address, client.WithDialFunc(given))
	if err != nil {
		socket.Close()
		return nil, reason(err)
	}
	l := &link{Client: c, address: address, close: socket.Close}
	l.bind(ctx)
	return l, nil
}

func (l *link) bind(ctx context.Context) { l.unbind = context.AfterFunc(ctx, func() { l.close() }) }

// rebind lets another context end the link; it is of no use if the first one has ended.
func (l *link) rebind(ctx context.Context) bool {
	if !l.unbind() {
		return false
	}
	l.bind(ctx)
	return true
}

// Close replaces the client's own.
func (l *link) Close() {
	l.unbind()
	l.close()
}

// leader asks the node whom it holds for the leader; ok is false where it knows none.
func (l *link) leader(ctx context.Context) (info client.NodeInfo, ok bool, err error) {
	found, err := l.Leader(ctx)
	if err != nil {
		return info, false, callError(ctx, err)
	}
	return *found, found.Address != "", nil
}

// callError says why a call had no answer. go-dqlite's own text names its budget, its steps and both addresses.
func callError(ctx context.Context, err error) error {
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		return reason(ctx.Err())
	case errors.As(err, &op):
		return reason(op)
	case strings.HasSuffix(err.Error(), "EOF"):
		return errors.New("it closed the connection")
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// assign gives a node a role, as soon as the change of the configuration that may be under way is done.
func (l *link) assign(ctx context.Context, id uint64, role client.NodeRole) error {
	deadline := time.Now().Add(changeTimeout)
	for {
		err := l.Assign(ctx, id, role)
		if err == nil || strings.HasSuffix(err.Error(), "server role is not valid (1)") { // it has that role already
			return nil
		}
		if !strings.HasSuffix(err.Error(), "(5)") || time.Now().After(deadline) || sleep(ctx, settlePause) != nil {
			return callError(ctx, err)
		}
	}
}
