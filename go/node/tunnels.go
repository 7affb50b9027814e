// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handshakeTimeout is how long a stranger may take to show its certificate.
const handshakeTimeout = 10 * time.Second

// acceptPause is for when the process has no file descriptor left.
const acceptPause = 100 * time.Millisecond

// mostTold bounds what is kept of those who were turned away.
const mostTold = 256

// tunnels carries what goes over TLS: dqlite itself only knows plain sockets, so each encrypted connection has a plain one
// within the process behind it.
type tunnels struct {
	log       logger
	strangers *strangers
	full      *seldom
	turned    *seldom
	mu        sync.Mutex
	closed    bool
	open      map[net.Conn]struct{}
	told      map[string]struct{}
	wait      sync.WaitGroup
}

func newTunnels(log logger) *tunnels {
	return &tunnels{
		log: log, strangers: newStrangers(log), full: &seldom{log: log, most: 1}, turned: &seldom{log: log, most: 16},
		open: make(map[net.Conn]struct{}), told: make(map[string]struct{}),
	}
}

// listener waits on a node's address.
type listener struct {
	net.Listener
	stopped chan struct{}
}

func listen(address string) (*listener, error) {
	config := net.ListenConfig{KeepAliveConfig: keepAlive, Control: limitSilence}
	network := "tcp" // by which all addresses of IPv4 would be those of IPv6 as well
	if host, _, _ := net.SplitHostPort(address); net.ParseIP(host).To4() != nil {
		network = "tcp4"
	}
	l, err := config.Listen(context.Background(), network, address)
	if err != nil {
		return nil, reason(err)
	}
	return &listener{l, make(chan struct{})}, nil
}

// serve leads who shows a certificate of the right authority to the node's own socket.
func (t *tunnels) serve(l *listener, config *tls.Config, local string) {
	defer close(l.stopped)
	defer t.strangers.release()
	config = marked(config)
	for {
		t.strangers.keep()
		connection, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			taken := t.strangers.take(connection.(*net.TCPConn))
			encrypted := tls.Server(taken, config)
			if t.add(encrypted) {
				go t.admit(taken, encrypted, local)
			} else {
				t.strangers.leave(taken)
			}
		case !t.strangers.makeRoom(err, true):
			t.full.warn("cannot accept connections: %v", reason(err))
			time.Sleep(acceptPause)
		}
	}
}

func (t *tunnels) admit(taken *stranger, encrypted *tls.Conn, local string) {
	defer t.remove(encrypted)
	plain, err := t.lead(taken, encrypted, local)
	if err != nil {
		t.turnedAway(encrypted.RemoteAddr(), err)
		return
	}
	join(encrypted, plain)
}

// lead returns the way to the node for who shows a certificate.
func (t *tunnels) lead(taken *stranger, encrypted *tls.Conn, local string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		t.strangers.leave(taken)
		return nil, err
	}
	if !t.strangers.forget(taken) {
		t.strangers.leave(taken) // it had to make room in this very moment
		return nil, net.ErrClosed
	}
	for {
		plain, err := dialInside(local, encrypted.RemoteAddr())
		if err == nil {
			return plain, nil
		}
		if !t.strangers.makeRoom(err, false) {
			return nil, fmt.Errorf("the node does not answer (%w)", reason(err))
		}
	}
}

// dialInside connects to the node, by a socket whose name has the client's address: the node sees no other one.
func dialInside(local string, client net.Addr) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.UnixAddr{Name: local + "/" + client.String(), Net: "unix"}}
	plain, err := dialer.Dial("unix", local)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EINVAL) {
		return net.Dial("unix", local) // the last one of that address has not quite gone, or the address is too long
	}
	return plain, err
}

// turnedAway logs each stranger and each reason once. A client that went away by itself is not logged.
func (t *tunnels) turnedAway(stranger net.Addr, err error) {
	for _, itself := range []error{io.EOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed} { // or it was closed, as was told
		if errors.Is(err, itself) {
			return
		}
	}
	host, _, _ := net.SplitHostPort(stranger.String())
	text := fmt.Sprintf("turned away %s: %v", host, reason(err))
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.told[text]; known {
		return
	}
	if len(t.told) == mostTold {
		clear(t.told)
	}
	t.told[text] = struct{}{}
	t.turned.warn("%s", text)
}

// inside returns a plain socket that leads to the other end of an encrypted connection.
func (t *tunnels) inside(encrypted *tls.Conn) (net.Conn, error) {
	plain, ours, err := socketPair()
	if err != nil {
		encrypted.Close()
		return nil, err
	}
	if !t.add(encrypted) {
		plain.Close()
		ours.Close()
		return nil, net.ErrClosed
	}
	go func() {
		defer t.remove(encrypted)
		join(encrypted, ours)
	}()
	return plain, nil
}

// watched is a connection of which go-dqlite takes a duplicate for raft, before it closes this one, which stays open.
type watched struct{ *net.TCPConn }

func (watched) Close() error { return nil }

// watch ends a connection, duplicates and all, as soon as its other end is gone. raft only writes to it, and would find that
// out by two messages that are lost: the request for a vote, and half a second later a heartbeat.
func (t *tunnels) watch(connection *net.TCPConn) (net.Conn, error) {
	if !t.add(connection) {
		return nil, net.ErrClosed
	}
	go func() {
		defer t.remove(connection)
		if awaitEnd(connection) == nil {
			connection.CloseWrite()
		}
	}()
	return watched{connection}, nil
}

// awaitEnd blocks until the other end has closed the connection, or fails once this one is closed. What comes is dropped:
// nothing ever should. An ordinary read would not do: go-dqlite makes the socket, with all duplicates, a blocking one for a
// while, and a read that blocks in the kernel cannot be ended.
func awaitEnd(connection *net.TCPConn) error {
	raw, err := connection.SyscallConn()
	if err != nil {
		return err
	}
	var buffer [512]byte
	return raw.Read(func(fd uintptr) bool {
		for {
			n, _, err := unix.Recvfrom(int(fd), buffer[:], unix.MSG_DONTWAIT)
			switch {
			case err == unix.EAGAIN:
				return false
			case err != nil && err != unix.EINTR || err == nil && n == 0:
				return true
			}
		}
	})
}

// join copies both ways until either side ends, and closes both.
func join(left, right net.Conn) {
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{left, right}, {right, left}} {
		go func() {
			io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	<-ended
	left.Close()
	right.Close()
	<-ended
}

// add refuses, and closes the connection, once all have been closed.
func (t *tunnels) add(connection net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		connection.Close()
		return false
	}
	t.open[connection] = struct{}{}
	t.wait.Add(1)
	return true
}

func (t *tunnels) remove(connection net.Conn) {
	connection.Close()
	t.mu.Lock()
	delete(t.open, connection)
	t.mu.Unlock()
	t.wait.Done()
}

// close ends all tunnels and waits for it.
func (t *tunnels) close() {
	t.mu.Lock()
	t.closed = true
	for connection := range t.open {
		if encrypted, ok := connection.(*tls.Conn); ok {
			connection = encrypted.NetConn() // a closing note would have to wait for what is being written
		}
		connection.Close()
	}
	t.mu.Unlock()
	t.wait.Wait()
}
