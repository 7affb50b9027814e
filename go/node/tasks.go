// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/wire"
)

// settlePause is between two looks at what the cluster is about to do.
const settlePause = 20 * time.Millisecond

// WaitReady blocks until the node is a member of its cluster, and the cluster has a leader.
func (n *Node) WaitReady(ctx context.Context) error {
	if n.info.Address == embeddedAddress {
		return nil
	}
	if n.roster == nil {
		l, err := n.network.findLeader(ctx, []string{n.bound})
		if err == nil {
			l.close()
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
	l, err := n.network.connect(ctx, n.bound)
	if err != nil {
		return nil, err
	}
	defer l.close()
	return l.connections(ctx)
}

// view is whom the node at an address takes for the members, and for the leader.
func (n *Node) view(ctx context.Context, address string) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	err = n.with(ctx, address, func(ctx context.Context, l *link) error {
		members, leader, err = l.view(ctx)
		return err
	})
	return members, leader, err
}

// own is the view of this node, and where it is in its log.
func (n *Node) own(ctx context.Context, at *wire.Position) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	err = n.with(ctx, n.bound, func(ctx context.Context, l *link) error {
		metadata, err := l.describeWithPosition(ctx)
		if err != nil {
			return err
		}
		if metadata.Position != nil {
			*at = *metadata.Position
		}
		members, leader, err = l.view(ctx)
		return err
	})
	return members, leader, err
}

// with calls work with a link to the node at an address, for probeTimeout at most.
func (n *Node) with(ctx context.Context, address string, work func(context.Context, *link) error) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	l, err := n.network.connect(ctx, address)
	if err != nil {
		return err
	}
	defer l.close()
	return work(ctx, l)
}

// Handover gives the node's duties to others, so that stopping it interrupts nobody: its leadership to another voter, its
// vote to a node that has none. It does nothing where there is no other node to take them.
func (n *Node) Handover(ctx context.Context) error {
	if n.roster == nil {
		return nil
	}
	members, _, err := n.view(ctx, n.bound)
	if err != nil {
		return err
	}
	changes := n.probe(ctx, n.roster.config, members)
	if !slices.ContainsFunc(members, func(member client.NodeInfo) bool {
		return member.ID != n.info.ID && changes.Metadata(member) != nil
	}) {
		return nil
	}
	l, err := n.network.findLeader(ctx, addressesOf(members))
	if err != nil {
		return err
	}
	defer func() { l.close() }()
	if members, err = l.members(ctx); err != nil {
		return err
	}
	if err := n.roster.remember(members); err != nil {
		return err
	}
	changes = n.probe(ctx, n.roster.config, members)
	role, candidates := changes.Handover(n.info.ID)
	if role != -1 {
		chosen, err := assignFirst(ctx, l, candidates, role)
		if err != nil {
			return fmt.Errorf("no node could become %s: %w", role, err)
		}
		n.log.info("%s became %s in place of this node", chosen.Address, role)
	}
	for l.address == n.info.Address {
		next, err := n.transfer(ctx, l)
		if err != nil || next == nil {
			return err
		}
		l.close()
		l = next
	}
	if role == -1 {
		return nil
	}
	return n.demote(ctx, l)
}

// transfer gives the leadership to another voter and returns a link to the leader after that, which may be this node again
// where the other one could not take it; nil where there is no other voter.
func (n *Node) transfer(ctx context.Context, l *link) (*link, error) {
	members, err := l.members(ctx)
	if err != nil {
		return nil, err
	}
	changes := n.probe(ctx, n.roster.config, members)
	var targets []client.NodeInfo
	for _, voter := range changes.List(client.Voter, true, nil) {
		if voter.ID != n.info.ID {
			targets = append(targets, voter)
		}
	}
	if len(targets) == 0 {
		return nil, nil
	}
	if len(changes.List(client.Voter, false, nil)) == 0 {
		// dqlite's own choice is the one with the newest log, but it does not know who is there.
		targets = append([]client.NodeInfo{{Address: "the node with the newest log"}}, targets...)
	}
	for _, target := range targets {
		if err = l.transfer(ctx, target.ID); err == nil {
			break
		}
		n.log.info("%s did not take the leadership: %v", target.Address, err)
	}
	if err := sleep(ctx, settlePause); err != nil {
		return nil, fmt.Errorf("no node took the leadership: %w", err)
	}
	next, err := n.network.findLeader(ctx, addressesOf(members))
	if err == nil && next.address != n.info.Address {
		n.log.info("the leadership went to %s", next.address)
	}
	return next, err
}

// demote takes this node's vote, once the new leader has found its feet.
func (n *Node) demote(ctx context.Context, l *link) error {
	for {
		err := l.ensure(ctx, n.info.ID, client.Spare)
		if err == nil {
			return nil
		}
		if sleep(ctx, settlePause) != nil {
			return fmt.Errorf("the node keeps its role: %w", err)
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
