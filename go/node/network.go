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

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/here"
	"dqlitepy.dev/go/members"
)

// vanishedAfter is how long data may stay unacknowledged before a connection counts as dead: without it a peer that vanished
// without a word is waited for until the kernel gives up, many minutes later.
const vanishedAfter = 30 * time.Second

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 3 * time.Second, Interval: 3 * time.Second, Count: 3}

// network dials nodes; with credentials over TLS.
type network struct {
	credentials *credentials.Credentials // nil = no TLS
	known       *members.Cluster         // whom a client has heard of beside the servers that it was given; nil for a node
}

// dial connects to host:port, or to "@name", an abstract unix socket of this process's own node, which needs no TLS.
func (n network) dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: keepAlive, Control: limitSilence}
	if strings.HasPrefix(address, "@") {
		return (&net.Dialer{}).DialContext(ctx, "unix", address)
	}
	connection, err := dialer.DialContext(ctx, "tcp", here.Reach(address))
	if err != nil || n.credentials == nil {
		return connection, reason(err)
	}
	encrypted := tls.Client(connection, n.credentials.Client(address))
	if err := encrypted.HandshakeContext(ctx); err != nil {
		connection.Close()
		return nil, errors.Join(reason(err), n.credentials.Trouble())
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
