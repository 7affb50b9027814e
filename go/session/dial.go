// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

// keepAlive finds out within half a minute that a server has vanished without a word.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// dial connects to host:port, or to "@name", an abstract unix socket, and shakes hands.
func dial(ctx context.Context, address string, waker *waker) (*link, error) {
	network := "tcp"
	if strings.HasPrefix(address, "@") {
		network = "unix"
	}
	dialer := net.Dialer{KeepAliveConfig: keepAlive}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, cause(err)
	}
	defer connection.Close()
	fd, err := duplicate(connection)
	if err != nil {
		return nil, err
	}
	l := &link{fd: fd, waker: waker}
	l.out = wire.AppendHandshake(l.out)
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

// cause is what went wrong with a dial, without the address that the message around it names anyway.
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

// ask sends a request and waits for its answer until the context ends.
func (l *link) ask(ctx context.Context, encode func([]byte) []byte) (wire.Frame, error) {
	l.queue(encode)
	frame, err := await(ctx, l, l.receive)
	if err == nil {
		l.rest()
	}
	return frame, err
}

// await repeats a receive that ends with its slice until something has come in or the context ends.
func await[T any](ctx context.Context, l *link, receive func(deadline time.Time) (T, error)) (T, error) {
	stop := context.AfterFunc(ctx, l.waker.raise)
	defer stop()
	for {
		received, err := receive(time.Now().Add(time.Hour))
		switch {
		case err == nil:
			return received, nil
		case ctx.Err() != nil:
			return received, ctx.Err()
		case !errors.Is(err, errSliceEnded) && !errors.Is(err, errCancelled):
			return received, errors.New(describe(err))
		}
	}
}

func refused(frame wire.Frame) error {
	failure, err := wire.DecodeFailure(frame)
	if err != nil {
		return err
	}
	if failure.Code == wire.CodeNotLeader {
		return errNotLeader
	}
	return fmt.Errorf("%s (code %d)", failure.Message, failure.Code)
}

var errNotLeader = errors.New("it is not the leader")

// leaderOf asks a server for the leader's address, which is "" while there is none.
func (l *link) leaderOf(ctx context.Context) (string, error) {
	frame, err := l.ask(ctx, wire.AppendLeader)
	if err != nil {
		return "", err
	}
	if frame.Type == wire.ResponseFailure {
		return "", refused(frame)
	}
	server, err := wire.DecodeServer(frame)
	return server.Address, err
}

// open opens the database, which only the leader does.
func (l *link) open(ctx context.Context, database string) error {
	frame, err := l.ask(ctx, func(buffer []byte) []byte { return wire.AppendOpen(buffer, database) })
	if err != nil {
		return err
	}
	if frame.Type == wire.ResponseFailure {
		return refused(frame)
	}
	return wire.DecodeDB(frame)
}
