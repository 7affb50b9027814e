// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"errors"
	"slices"

	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// errNotNearby is why a server does not do.
var errNotNearby = final("it reads nothing unless it leads: it is a spare, or a server of another kind or version")

// NoneReads tells whether a search for the nearest server failed as none of them does anything for others than the leader's
// clients.
func (s *Search) NoneReads() bool {
	return !slices.ContainsFunc(s.candidates, func(c *candidate) bool { return !errors.Is(c.reason, errNotNearby) })
}

// enterNearby opens the database on a server for statements that only read, whether the server leads or not. As in enter, one
// whose address was only learned must know some of the members that were learned with it.
func enterNearby(ctx context.Context, address string, learned bool, options *Options) (l *link.Link, err error) {
	c, err := probe(ctx, address, options.Credentials)
	if err != nil {
		return nil, err
	}
	defer func() {
		if l == nil {
			c.hangUp()
		}
	}()
	requests := wire.AppendOpen(wire.AppendHandshake(nil), options.Database, wire.OpenPositions|wire.OpenLocal, options.MaxStaleness)
	frames, err := c.ask(wire.AppendCluster(requests), 2)
	if err != nil {
		return nil, err
	}
	known, _ := wire.DecodeServers(frames[1]) // a refusal, or nonsense, teaches nothing
	if learned && !options.Members.Shares(known) {
		return nil, members.ErrOtherCluster
	}
	if frames[0].Type == wire.ResponseFailure {
		if err = refused(frames[0]); err == ErrNotLeader {
			err = errNotNearby
		}
		return nil, err
	}
	db, err := wire.DecodeDB(frames[0])
	if err != nil {
		return nil, err
	}
	if db.Flags&wire.OpenLocal == 0 {
		return nil, errNotNearby
	}
	if known != nil && !options.Local && len(options.Members.Others()) == 0 {
		options.Members.Learn(known) // the leader's word is newer, where there is one
	}
	if l, err = c.handOver(address, options); l != nil {
		l.Local, l.Positions, l.Applied = true, true, db.Applied
	}
	return l, err
}
