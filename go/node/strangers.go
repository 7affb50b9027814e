// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/limits"
)

const (
	// mostStrangers is how many connections may be in their handshake at a time, and strangersShare which part of the
	// descriptors they may take: each has one.
	mostStrangers  = 1024
	strangersShare = 4
	// headroom is how many descriptors strangers leave to the others. A client that was let in takes up to four at once:
	// both ends of the socket that leads to dqlite, a file of its database, and one of raft's.
	headroom = 8
	// keptDescriptors are held in reserve, so that a connection can be accepted when the rest of the process has taken all
	// others.
	keptDescriptors = 2
	// silentGrace and helloGrace are how long a connection stays in any case: before, and after, its whole first message has
	// come. Clients send theirs at once. Without a grace, whoever connects fast enough would keep all others out.
	silentGrace = 100 * time.Millisecond
	helloGrace  = 500 * time.Millisecond
	// gracePause is the time between two looks whether a connection has closed by itself.
	gracePause = 5 * time.Millisecond
)

// stranger is a connection that has not shown a certificate yet.
type stranger struct {
	*net.TCPConn
	since   time.Time
	greeted atomic.Bool   // its first message is there
	left    chan struct{} // closed once its descriptor is
}

// silent tells whether the other end has not sent its first message. What was sent may not have been read yet.
func (s *stranger) silent() bool {
	if s.greeted.Load() {
		return false
	}
	waiting := 0
	if raw, err := s.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { waiting, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
	}
	return waiting < leastHello
}

// leastHello is shorter than each first message of TLS 1.3, which has 32 random bytes and a key of as many.
const leastHello = 64

// strangers keeps those without a certificate from keeping those with one out.
type strangers struct {
	log     *seldom
	mu      sync.Mutex
	waiting []*stranger // the oldest first
	kept    []int
}

func newStrangers(log logger) *strangers { return &strangers{log: &seldom{log: log, most: 1}} }

// marked makes the configuration note each connection whose whole first message has come.
func marked(config *tls.Config) *tls.Config {
	config = config.Clone()
	inner := config.GetConfigForClient
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if s, ok := hello.Conn.(*stranger); ok {
			s.greeted.Store(true)
		}
		if inner == nil {
			return nil, nil
		}
		return inner(hello)
	}
	return config
}

// take lets a connection begin its handshake, as soon as there is room for it.
func (s *strangers) take(connection *net.TCPConn) *stranger {
	for s.crowded() && s.closeOne(true) {
	}
	taken := &stranger{TCPConn: connection, since: time.Now(), left: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, taken)
	return taken
}

// crowded tells whether a connection has to be closed before another may begin its handshake.
func (s *strangers) crowded() bool {
	most := mostStrangers
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) == nil && files.Cur/strangersShare < mostStrangers {
		most = max(1, int(files.Cur/strangersShare))
	}
	s.mu.Lock()
	count := len(s.waiting)
	s.mu.Unlock()
	return count >= most || !limits.FilesLeft(headroom)
}

// forget is called when a connection has shown its certificate. It returns false if that is being closed.
func (s *strangers) forget(known *stranger) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, known)
	if i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
	}
	return i >= 0
}

// leave closes a connection whose handshake has failed.
func (s *strangers) leave(gone *stranger) {
	gone.Close()
	s.forget(gone)
	close(gone.left)
}

// closeOne closes the oldest connection that has sent nothing or, if there is none, the oldest of all. It returns false if
// there is none. With grace it first waits until the grace of that one is over, and closes none if another one has gone by
// then.
func (s *strangers) closeOne(grace bool) bool {
	s.mu.Lock()
	before := len(s.waiting)
	for {
		if len(s.waiting) == 0 || len(s.waiting) < before {
			s.mu.Unlock()
			return before > 0
		}
		victim, patience := s.waiting[0], helloGrace
		if i := slices.IndexFunc(s.waiting, (*stranger).silent); i >= 0 {
			victim, patience = s.waiting[i], silentGrace
		}
		if grace && time.Since(victim.since) < patience {
			s.mu.Unlock()
			time.Sleep(gracePause)
			s.mu.Lock()
			continue
		}
		s.waiting = slices.DeleteFunc(s.waiting, func(other *stranger) bool { return other == victim })
		s.mu.Unlock()
		victim.Close()
		<-victim.left
		s.log.warn("closed connections that had not shown a certificate, to make room")
		return true
	}
}

// makeRoom frees a descriptor for what failed for want of one. It returns false where err is something else, or none can be.
func (s *strangers) makeRoom(err error, grace bool) bool {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return false
	}
	if s.closeOne(grace) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return false
	}
	last := len(s.kept) - 1
	unix.Close(s.kept[last])
	s.kept = s.kept[:last]
	return true
}

// keep fills the reserve that makeRoom has spent, as far as there are descriptors.
func (s *strangers) keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.kept) < keptDescriptors {
		descriptor, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return
		}
		s.kept = append(s.kept, descriptor)
	}
}

func (s *strangers) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, descriptor := range s.kept {
		unix.Close(descriptor)
	}
	s.kept = nil
}
