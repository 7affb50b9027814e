// SPDX-License-Identifier: Apache-2.0

package session

import (
	"sync"
	"time"

	"dqlitepy.dev/go/fault"
)

// Group is sessions with the links that they gave up and that are still read to their end. Those of a node in this process
// it must not outlive: dqlite would abort the process.
type Group struct {
	linger   time.Duration
	mu       sync.Mutex
	closed   bool
	sessions map[*Session]struct{}
	links    sync.WaitGroup // and searches for one
}

// NewGroup makes a Group without sessions. A link that was given up is left alone when its server sends nothing for as long as
// linger, or goes on for ten times as long; 0 is for ever.
func NewGroup(linger time.Duration) *Group {
	return &Group{linger: linger, sessions: make(map[*Session]struct{})}
}

func (g *Group) add(s *Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions[s] = struct{}{}
	if g.closed {
		s.evicted.Store(true)
	}
}

func (g *Group) remove(s *Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sessions, s)
}

// begin counts a search for a link, until links.Done; none begins once the group is closed.
func (g *Group) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.links.Add(1)
	}
	return !g.closed
}

func (g *Group) bury(l *link) {
	g.links.Add(1)
	l.close(g.linger, g.links.Done)
}

// Close breaks all sessions and waits for their links to end.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	sessions := make([]*Session, 0, len(g.sessions))
	for s := range g.sessions {
		sessions = append(sessions, s)
	}
	g.mu.Unlock()
	for _, s := range sessions {
		s.evict()
	}
	g.links.Wait()
}

// evict breaks the session, once the thread that may be inside has left it.
func (s *Session) evict() {
	s.evicted.Store(true)
	s.waker.raise()
	s.mu.Lock()
	defer s.mu.Unlock()
	loss := fault.ErrNodeClosed
	if s.running {
		loss = fault.Deadly(s.lossError("its node was closed"))
	}
	s.die(loss)
}
