// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/wire"
)

// WaitReady blocks until the node is a member of its cluster, and the cluster has a leader.
func (n *Node) WaitReady(ctx context.Context) error {
	if n.info.Address == embeddedAddress {
		return nil
	}
	if n.roster == nil {
		nc, err := n.network.findLeader(ctx, []string{n.bound})
		if err == nil {
			nc.close()
		}
		return err
	}
	select {
	case <-n.roster.ready:
		return nil
	case <-n.roster.stopped:
		return errors.New("the node was closed")
	case <-ctx.Done():
	}
	n.roster.mu.Lock()
	defer n.roster.mu.Unlock()
	if problem := n.roster.problem; problem != nil && !errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("the node is not ready: %w", problem)
	}
	return ctx.Err()
}

// State is what the node knows of itself.
type State struct {
	ID      uint64
	Address string
	Member  bool            // whether Role says anything
	Role    client.NodeRole // its role in the cluster
	Leader  client.NodeInfo // its address is "" while no leader is known
	wire.Position
}

// State asks the node, and where it is no voter or knows no leader the other members: only voters know, and a spare's own
// list may be old.
func (n *Node) State(ctx context.Context) (State, error) {
	state := State{ID: n.info.ID, Address: n.Address()}
	members, leader, err := n.own(ctx, &state.Position)
	if err != nil {
		return state, err
	}
	votes := slices.ContainsFunc(members, func(info client.NodeInfo) bool {
		return info.ID == n.info.ID && info.Role == client.Voter
	})
	if (leader.Address == "" || !votes) && n.roster != nil {
		for _, address := range n.roster.addresses() {
			if address == n.info.Address {
				continue
			}
			if theirs, named, err := n.view(ctx, address); err == nil && named.Address != "" && len(theirs) > 0 {
				members, leader = theirs, named
				break
			}
		}
	}
	for _, member := range members {
		if member.ID == n.info.ID {
			state.Member, state.Role = true, member.Role
		}
	}
	if leader.Address == embeddedAddress {
		leader.Address = n.bound
	}
	state.Leader = leader
	return state, nil
}

// Connections returns who is connected to the node.
func (n *Node) Connections(ctx context.Context) ([]wire.Connection, error) {
	nc, err := n.network.connect(ctx, n.bound)
	if err != nil {
		return nil, err
	}
	defer nc.close()
	return nc.connections(ctx)
}

// view returns the members and the leader as the node at an address sees them.
func (n *Node) view(ctx context.Context, address string) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	err = n.with(ctx, address, func(ctx context.Context, nc *nodeClient) error {
		members, leader, err = nc.view(ctx)
		return err
	})
	return members, leader, err
}

// own is the view of this node, and where it is in its log.
func (n *Node) own(ctx context.Context, at *wire.Position) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	err = n.with(ctx, n.bound, func(ctx context.Context, nc *nodeClient) error {
		metadata, err := nc.describeWithPosition(ctx)
		if err != nil {
			return err
		}
		if metadata.Position != nil {
			*at = *metadata.Position
		}
		members, leader, err = nc.view(ctx)
		return err
	})
	return members, leader, err
}

// with calls work with a link to the node at an address, for probeTimeout at most.
func (n *Node) with(ctx context.Context, address string, work func(context.Context, *nodeClient) error) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	nc, err := n.network.connect(ctx, address)
	if err != nil {
		return err
	}
	defer nc.close()
	return work(ctx, nc)
}
