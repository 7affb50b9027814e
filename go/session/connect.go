// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// attemptTimeout bounds one server, so that one which does not answer leaves time for the others.
	attemptTimeout = 5 * time.Second
	firstPause     = 10 * time.Millisecond
	longestPause   = 250 * time.Millisecond
)

// Options say where to connect to.
type Options struct {
	Servers       []string // addresses, of which at least one must answer
	Database      string
	Local         bool   // Servers names one node of this process: no redirect is followed
	Group         *Group // the sessions that this one belongs to
	BusyTimeout   time.Duration
	LeaderTimeout time.Duration
}

// Connect finds the leader and opens the database on it. It blocks until that is done, or the leader timeout or the context
// ends.
func Connect(ctx context.Context, options Options) (*Session, *Error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	waker, err := newWaker()
	if err != nil {
		return nil, Errorf(Connection, "%v", err)
	}
	search := &search{options: options, waker: waker, reasons: make(map[string]error)}
	l, failure := search.find(ctx)
	if failure != nil {
		waker.close()
		return nil, failure
	}
	return newSession(options.Group, waker, l, options.BusyTimeout), nil
}

func (o *Options) check() *Error {
	if len(o.Servers) == 0 {
		return Errorf(Programming, "no server to connect to: name at least one address")
	}
	for _, text := range append([]string{o.Database}, o.Servers...) {
		if strings.IndexByte(text, 0) >= 0 {
			return Errorf(Programming, "the name of a database or server holds a NUL character")
		}
	}
	if o.Database == "" {
		return Errorf(Programming, "the name of the database is empty")
	}
	return nil
}

// search looks for the leader and keeps what went wrong with each server.
type search struct {
	options   Options
	waker     *waker
	anyServer bool     // one that answers will do
	tried     []string // in order
	reasons   map[string]error
}

// find blocks until there is a link to a server, or the leader timeout or the context ends.
func (s *search) find(ctx context.Context) (*link, *Error) {
	bounded, cancel := context.WithTimeout(ctx, s.options.LeaderTimeout)
	defer cancel()
	l := s.run(bounded)
	switch {
	case l != nil:
		s.waker.clear()
		return l, nil
	case ctx.Err() != nil:
		return nil, interrupted()
	case s.anyServer:
		return nil, Errorf(NoLeader, "no server answered within %v: %s", s.options.LeaderTimeout, s)
	default:
		return nil, Errorf(NoLeader, "no leader found within %v: %s; check that a majority of the nodes is running",
			s.options.LeaderTimeout, s)
	}
}

func (s *search) run(ctx context.Context) *link {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		for _, server := range s.options.Servers {
			if l := s.try(ctx, server, !s.options.Local || s.anyServer); l != nil {
				return l
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// try opens the database on a server, or on the leader that it names.
func (s *search) try(ctx context.Context, server string, redirect bool) *link {
	attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	l, err := dial(attempt, server, s.waker)
	if err != nil {
		return s.failed(server, err, nil)
	}
	if redirect {
		leader, err := l.leaderOf(attempt)
		switch {
		case err != nil:
			return s.failed(server, err, l)
		case s.anyServer:
			return l
		case leader == "":
			return s.failed(server, errors.New("it knows no leader"), l)
		case strings.ContainsFunc(leader, isNoAddress):
			return s.failed(server, fmt.Errorf("it names %q as the leader, which is no address", leader), l)
		case leader != server:
			s.failed(server, fmt.Errorf("it names %s as the leader", leader), l)
			return s.try(ctx, leader, false)
		}
	}
	if err := l.open(attempt, s.options.Database); err != nil {
		return s.failed(server, err, l)
	}
	return l
}

// isNoAddress finds what would garble the log or the terminal that a message with the address goes to.
func isNoAddress(r rune) bool {
	return r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r)
}

func (s *search) failed(server string, reason error, l *link) *link {
	if l != nil {
		s.options.Group.bury(l)
	}
	_, known := s.reasons[server]
	if !known {
		s.tried = append(s.tried, server)
	}
	if !isTimeout(reason) {
		s.reasons[server] = reason
	} else if !known { // otherwise what it said before tells more
		s.reasons[server] = errors.New("it did not answer in time")
	}
	return nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func (s *search) String() string {
	reasons := make([]string, len(s.tried))
	for i, server := range s.tried {
		reasons[i] = fmt.Sprintf("%s: %v", server, s.reasons[server])
	}
	return strings.Join(reasons, "; ")
}
