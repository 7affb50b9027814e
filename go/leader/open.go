// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"fmt"

	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// enter opens the database on a server, unless any will do. Where that is not the leader, it returns whom the server takes for
// it. A server whose address was only learned must know some of the members that were learned with it.
func enter(ctx context.Context, address string, learned bool, options *Options) (l *link.Link, leader string, err error) {
	c, err := probe(ctx, address, options.Credentials)
	if err != nil {
		return nil, "", err
	}
	defer func() {
		if l == nil {
			c.hangUp()
		}
	}()
	if options.AnyServer {
		if _, err := c.ask(wire.AppendLeader(wire.AppendHandshake(nil)), 1); err != nil {
			return nil, "", err
		}
		l, err = c.handOver(address, options)
		return l, "", err
	}
	requests := wire.AppendOpen(wire.AppendHandshake(nil), options.Database, options.flags(), 0)
	answers := 1
	if !options.Local {
		requests = wire.AppendCluster(wire.AppendLeader(requests))
		answers += 2
	}
	frames, err := c.ask(requests, answers)
	if err != nil {
		return nil, "", err
	}
	var known []wire.Member
	if !options.Local {
		known, _ = wire.DecodeServers(frames[2]) // a refusal, or nonsense, teaches nothing
		if learned && !options.Members.Shares(known) {
			return nil, "", members.ErrOtherCluster
		}
	}
	if frames[0].Type != wire.ResponseFailure {
		db, err := wire.DecodeDB(frames[0])
		if err != nil {
			return nil, "", err
		}
		if l, err = c.handOver(address, options); l != nil {
			l.Positions, l.Applied = db.Flags&wire.OpenPositions != 0, db.Applied
		}
		if l != nil && !options.Local {
			server, _ := wire.DecodeServer(frames[1])
			l.ServerID = server.ID
			if known != nil {
				options.Members.Learn(known)
			}
		}
		return l, "", err
	}
	if err := refused(frames[0]); err != ErrNotLeader || options.Local {
		return nil, "", err
	}
	if frames[1].Type == wire.ResponseFailure {
		return nil, "", refused(frames[1])
	}
	server, err := wire.DecodeServer(frames[1])
	switch {
	case err != nil:
		return nil, "", err
	case server.Address == "":
		return nil, "", errNoLeader
	case server.Address == address:
		return nil, "", ErrNotLeader
	case !members.Leads(address, server.Address):
		return nil, "", fmt.Errorf("it names %q as the leader, which is not an address", server.Address)
	}
	return nil, server.Address, fmt.Errorf("it names %s as the leader", server.Address)
}
