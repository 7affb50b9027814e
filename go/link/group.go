// SPDX-License-Identifier: Apache-2.0

package link

import (
	"sync"
	"time"
)

// Member is a user of links, a session, that can be told to let go of them.
type Member interface {
	// Evict breaks the member, once the thread that may be inside has left it.
	Evict()
}

// Group is sessions with the links that they gave up and that are still read to their end. The group of a node in this process
// is closed before the node stops: dqlite would abort the process where a result still streams.
type Group struct {
	linger  time.Duration
	mu      sync.Mutex
	closed  bool
	members map[Member]struct{}
	links   sync.WaitGroup // and searches for one
}

// NewGroup makes a Group without sessions. A link that was given up is left alone when its server sends nothing for as long as
// linger, or goes on for ten times as long; 0 is for ever.
func NewGroup(linger time.Duration) *Group {
	return &Group{linger: linger, members: make(map[Member]struct{})}
}

// Add tells whether the group is closed already: then the member has to break itself.
func (g *Group) Add(m Member) (closed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.members[m] = struct{}{}
	return g.closed
}

// Remove forgets a member that has let go of its links.
func (g *Group) Remove(m Member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.members, m)
}

// Hold counts a search for a link, until Release: Close waits for its end. None begins once the group is closed.
func (g *Group) Hold() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.links.Add(1)
	}
	return !g.closed
}

// HoldAlso is Hold for a part of what is held already.
func (g *Group) HoldAlso() { g.links.Add(1) }

// Release ends what Hold or HoldAlso began.
func (g *Group) Release() { g.links.Done() }

// DrainInBackground closes a link that was given up, at once or when what is under way on it has been read to its end.
func (g *Group) DrainInBackground(l *Link) {
	g.links.Add(1)
	l.close(g.linger, g.links.Done)
}

// Close breaks all sessions and waits for their links to end.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	members := make([]Member, 0, len(g.members))
	for m := range g.members {
		members = append(members, m)
	}
	g.mu.Unlock()
	for _, m := range members {
		m.Evict()
	}
	g.links.Wait()
}
