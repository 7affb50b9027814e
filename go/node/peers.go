// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// peerPatience is how long raft waits for a connection. go-dqlite lets all nodes of the process wait for one another
	// here, so peers that do not answer must not hold up the others: raft asks again a second later, and only waits again
	// for a new attempt.
	peerPatience = 250 * time.Millisecond
	// peerTimeout is how long a connection may take to come about meanwhile.
	peerTimeout = 5 * time.Second
	// peerFresh is for how long a connection that came too late is kept for raft's next try, a second later.
	peerFresh = 3 * time.Second
)

var errNotYet = errors.New("the connection is not there yet")

// peers makes the connections by which a node's raft speaks to the other nodes.
type peers struct {
	network network
	ctx     context.Context // ends with the node
	tunnels *tunnels
	mu      sync.Mutex
	coming  map[string]*arrival
}

type arrival struct {
	done       chan struct{}
	at         time.Time
	connection net.Conn
	err        error
}

// dial is called by dqlite; the context that go-dqlite gives is its own limit, which is longer than our patience.
func (p *peers) dial(_ context.Context, address string) (net.Conn, error) {
	p.mu.Lock()
	a := p.coming[address]
	if a != nil && a.stale() {
		a.drop()
		a = nil
	}
	patience := time.Duration(0)
	if a == nil {
		a = &arrival{done: make(chan struct{})}
		p.coming[address] = a
		patience = peerPatience
		go p.fetch(a, address)
	}
	p.mu.Unlock()
	if !a.wait(patience) {
		return nil, errNotYet
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.coming[address] != a {
		return nil, errNotYet // another call was quicker
	}
	delete(p.coming, address)
	return a.connection, a.err
}

func (p *peers) fetch(a *arrival, address string) {
	ctx, cancel := context.WithTimeout(p.ctx, peerTimeout)
	defer cancel()
	connection, err := p.network.dial(ctx, address)
	switch connection := connection.(type) {
	case *tls.Conn:
		a.connection, a.err = p.tunnels.inside(connection)
	case *net.TCPConn:
		a.connection, a.err = p.tunnels.watch(connection)
	default:
		a.err = err
	}
	a.at = time.Now()
	close(a.done)
}

// close drops what raft will not ask for any more.
func (p *peers) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.coming {
		<-a.done // soon: the context has ended
		a.drop()
	}
	p.coming = make(map[string]*arrival)
}

// wait tells whether the attempt has ended before the patience has.
func (a *arrival) wait(patience time.Duration) bool {
	select {
	case <-a.done:
		return true
	default:
	}
	if patience == 0 {
		return false
	}
	select {
	case <-a.done:
		return true
	case <-time.After(patience):
		return false
	}
}

func (a *arrival) stale() bool { return a.wait(0) && time.Since(a.at) > peerFresh }

func (a *arrival) drop() {
	switch connection := a.connection.(type) {
	case nil:
	case watched: // its own Close is for go-dqlite
		connection.TCPConn.Close()
	default:
		connection.Close()
	}
}

// socketPair returns the two ends of a stream within the process: raft can only use what is a socket.
func socketPair() (*net.UnixConn, *net.UnixConn, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	left, err := connectionOf(fds[0])
	if err != nil {
		unix.Close(fds[1])
		return nil, nil, err
	}
	right, err := connectionOf(fds[1])
	if err != nil {
		left.Close()
		return nil, nil, err
	}
	return left, right, nil
}

func connectionOf(fd int) (*net.UnixConn, error) {
	file := os.NewFile(uintptr(fd), "socketpair")
	defer file.Close()
	connection, err := net.FileConn(file)
	if err != nil {
		return nil, err
	}
	return connection.(*net.UnixConn), nil
}
