// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
)

// Connect finds the leader and opens the database on it; where reads nearby may be wanted, it only finds a server for these. It
// blocks until that is done, or the leader timeout or the context ends.
func Connect(ctx context.Context, options leader.Options) (*Session, *fault.Error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	options.Recall()
	waker, err := link.NewWaker()
	if err != nil {
		return nil, fault.Errorf(fault.Connection, "%v", err)
	}
	l, failure := find(ctx, &options)
	if failure != nil {
		waker.Close()
		return nil, failure
	}
	return newSession(options, waker, l), nil
}

// find finds a server to begin with.
func find(ctx context.Context, options *leader.Options) (*link.Link, *fault.Error) {
	if options.Nearby {
		if l, noneReads, failure := leader.FindNearby(ctx, options); !noneReads {
			return l, failure
		}
	}
	return leader.Find(ctx, options)
}

func newSession(options leader.Options, waker *link.Waker, l *link.Link) *Session {
	s := &Session{options: options, waker: waker, kept: newKept(), nearby: l.Local}
	s.adopt(l)
	if options.Group.Add(s) {
		s.evicted.Store(true)
	}
	return s
}
