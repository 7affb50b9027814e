// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/limits"
	"dqlitepy.dev/go/link"
)

// AttemptTimeout bounds one attempt at a server. It is a variable for the tests, which have it longer.
var AttemptTimeout = 5 * time.Second

const (
	// headStart is what each server gets before the next one is tried beside it: where all is well, one is enough.
	headStart = 50 * time.Millisecond
	// Pauses between two attempts at the same server.
	firstPause   = 10 * time.Millisecond
	longestPause = 100 * time.Millisecond
	// mostNamed bounds how many servers are tried because others named them, as a hostile one can name new ones without end.
	mostNamed = 128
	// replacedPause is for a leader that others have replaced.
	replacedPause = time.Second
)

// Search looks for the leader, or for the nearest server, beside the thread that waits for it. All servers are asked at the same
// time, the likeliest a little earlier than the others, so that one which accepts and never answers holds up nobody.
type Search struct {
	short      bool // a process has run out of descriptors
	options    *Options
	nearby     bool         // any server will do that reads what it has applied
	candidates []*candidate // in the order in which they are tried
	nextStart  time.Time    // before that no further server is tried, unless another one has failed
	outcomes   chan outcome

	cancel    context.CancelFunc
	Done      chan struct{}
	mu        sync.Mutex // until done is closed
	abandoned bool
	Link      *link.Link   // good once done is closed
	Failed    *fault.Error // why there is none
}

// candidate is a server that may be the leader.
type candidate struct {
	address  string
	learned  bool // earlier, so that it may have become another cluster's by now
	underWay bool
	dueAt    time.Time // of the next attempt
	pause    time.Duration
	reason   error // of the last failure; nil before that
	final    bool  // no further attempt can succeed
}

type outcome struct {
	candidate *candidate
	link      *link.Link
	leader    string // whom the server names instead
	err       error
}

// Start looks for the leader until the timeout or the context ends. The last leader is tried first; one that has been
// replaced and does not know it yet is given some time to learn it.
func Start(ctx context.Context, options *Options, lastLeader, replaced string, timeout time.Duration) *Search {
	return start(ctx, &Search{options: options}, lastLeader, replaced, timeout)
}

// StartNearby looks for the server that answers first, or for the first one where that is said to be the nearest.
func StartNearby(ctx context.Context, options *Options, timeout time.Duration) *Search {
	return start(ctx, &Search{options: options, nearby: true}, "", "", timeout)
}

func start(ctx context.Context, s *Search, lastLeader, replaced string, timeout time.Duration) *Search {
	options := s.options
	bounded, cancel := context.WithTimeout(ctx, timeout)
	s.outcomes, s.cancel, s.Done = make(chan outcome), cancel, make(chan struct{})
	for _, address := range slices.Concat([]string{lastLeader}, options.Servers, options.Members.Others()) {
		if address != "" && s.find(address) == nil {
			learned := !slices.Contains(options.Servers, address)
			s.candidates = append(s.candidates, &candidate{address: address, learned: learned})
		}
	}
	if c := s.find(replaced); c != nil {
		c.dueAt = time.Now().Add(replacedPause)
	}
	if !options.Group.Hold() {
		cancel()
		s.Failed = fault.ErrNodeClosed
		close(s.Done)
		return s
	}
	go func() {
		defer close(s.Done)
		defer options.Group.Release()
		defer cancel()
		found := s.run(bounded)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case found != nil && s.abandoned:
			options.Group.DrainInBackground(found)
		case found != nil:
			s.Link = found
		default:
			s.Failed = s.failure(timeout)
		}
	}()
	return s
}

// PauseAfter is how long to wait before the next search, after so many whose leader turned out to be none.
func PauseAfter(losses int) time.Duration { return min(firstPause<<min(losses, 5), longestPause) }

// Find looks for the leader and blocks until there is one, or the leader timeout or the context ends.
func Find(ctx context.Context, options *Options) (*link.Link, *fault.Error) {
	return wait(ctx, Start(ctx, options, "", "", options.LeaderTimeout))
}

// FindNearby is Find for the nearest server; none may be of the kind that reads, too.
func FindNearby(ctx context.Context, options *Options) (l *link.Link, noneReads bool, failure *fault.Error) {
	s := StartNearby(ctx, options, options.LeaderTimeout)
	l, failure = wait(ctx, s)
	return l, l == nil && ctx.Err() == nil && s.NoneReads(), failure
}

func wait(ctx context.Context, s *Search) (*link.Link, *fault.Error) {
	<-s.Done
	if s.Link == nil && ctx.Err() != nil {
		return nil, fault.Interruption()
	}
	return s.Link, s.Failed
}

// Abandon gives the search up, and what it may still find.
func (s *Search) Abandon() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned = true
	if s.Link != nil {
		s.options.Group.DrainInBackground(s.Link)
	}
}

func (s *Search) run(ctx context.Context) *link.Link {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case o := <-s.outcomes:
			if o.link != nil {
				return o.link
			}
			s.note(ctx, o)
		}
		next, hopeless := s.startDue(ctx, time.Now())
		if hopeless {
			return nil
		}
		timer.Reset(time.Until(next))
	}
}

// startDue begins the attempts that are due and returns when to look again. Without hope, every server has a reason that no
// waiting removes.
func (s *Search) startDue(ctx context.Context, now time.Time) (next time.Time, hopeless bool) {
	next = now.Add(AttemptTimeout)
	hopeless = true
	for _, c := range s.candidates {
		hopeless = hopeless && c.final && !c.underWay
		switch {
		case c.underWay || c.final:
		case now.Before(c.dueAt):
			next = link.Earlier(next, c.dueAt)
		case now.Before(s.nextStart):
			return link.Earlier(next, s.nextStart), false
		default:
			s.attempt(ctx, c)
			if !s.nearby || s.options.NearbyFirst {
				s.nextStart = now.Add(headStart)
			}
		}
	}
	return next, hopeless
}

func (s *Search) attempt(ctx context.Context, c *candidate) {
	c.underWay = true
	s.options.Group.HoldAlso() // the search itself counts until its end, so that this is not the first
	go func() {
		defer s.options.Group.Release()
		bounded, cancel := context.WithTimeout(ctx, AttemptTimeout)
		defer cancel()
		o := outcome{candidate: c}
		if s.nearby {
			o.link, o.err = enterNearby(bounded, c.address, c.learned, s.options)
		} else {
			o.link, o.leader, o.err = enter(bounded, c.address, c.learned, s.options)
		}
		select {
		case s.outcomes <- o:
		case <-ctx.Done():
			if o.link != nil {
				s.options.Group.DrainInBackground(o.link)
			}
		}
	}()
}

// note keeps why an attempt failed, and follows it to the leader that the server names.
func (s *Search) note(ctx context.Context, o outcome) {
	c, now := o.candidate, time.Now()
	c.underWay = false
	c.pause = min(max(2*c.pause, firstPause), longestPause)
	c.dueAt = now.Add(c.pause)
	s.nextStart = now
	c.final = errors.As(o.err, new(errFinal))
	if !errors.Is(o.err, context.DeadlineExceeded) && !errors.Is(o.err, os.ErrDeadlineExceeded) {
		c.reason = o.err
	} else if c.reason == nil { // otherwise what it said before tells more
		c.reason = errSilent
	}
	s.short = s.short || isShort(o.err)
	if o.leader == "" {
		return
	}
	leader := s.find(o.leader)
	if leader == nil {
		if len(s.candidates) > len(s.options.Servers)+mostNamed {
			return
		}
		leader = &candidate{address: o.leader}
		s.candidates = append(s.candidates, leader)
	}
	if !leader.underWay {
		s.attempt(ctx, leader)
	}
}

var errSilent = errors.New("it did not answer in time")

func (s *Search) find(address string) *candidate {
	if i := slices.IndexFunc(s.candidates, func(c *candidate) bool { return c.address == address }); i >= 0 {
		return s.candidates[i]
	}
	return nil
}

func (s *Search) failure(timeout time.Duration) *fault.Error {
	timeout = timeout.Round(time.Millisecond) // of a connection that had a leader, it is some nanoseconds less than was asked
	if s.nearby {
		return fault.Errorf(fault.NoLeader, "no server that reads what it has was found within %v: %s", timeout, s)
	}
	if s.options.AnyServer {
		return fault.Errorf(fault.NoLeader, "no server answered within %v: %s", timeout, s)
	}
	// A node in this process that has no descriptor to accept a connection with hangs up without a word.
	if s.short || s.options.Local && !limits.FilesLeft(8) {
		return fault.Errorf(fault.NoLeader, "no leader found within %v: %s; this process, or the server's, has too many open files: %s",
			timeout, s, limits.MoreFiles)
	}
	if s.options.Local {
		return fault.Errorf(fault.NoLeader, "no leader found within %v: %s; a node that is alone gives up the lead for a while when it cannot "+
			"write: check that its disk is not full", timeout, s)
	}
	return fault.Errorf(fault.NoLeader, "no leader found within %v: %s; check that a majority of the nodes is running, and name one that has "+
		"a vote", timeout, s)
}

func (s *Search) String() string {
	reasons := make([]string, len(s.candidates))
	for i, c := range s.candidates {
		if c.reason == nil {
			c.reason = errSilent
		}
		reasons[i] = fmt.Sprintf("%s: %v", c.address, c.reason)
	}
	return strings.Join(reasons, "; ")
}
