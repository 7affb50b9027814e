// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"

	"github.com/canonical/go-dqlite/v3/client"
)

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
	nc, err := n.network.findLeader(ctx, addressesOf(members))
	if err != nil {
		return err
	}
	defer func() { nc.close() }()
	if members, err = nc.members(ctx); err != nil {
		return err
	}
	if err := n.roster.remember(members); err != nil {
		return err
	}
	changes = n.probe(ctx, n.roster.config, members)
	role, candidates := changes.Handover(n.info.ID)
	if role != -1 {
		chosen, err := assignFirst(ctx, nc, candidates, role)
		if err != nil {
			return fmt.Errorf("no node could become %s: %w", role, err)
		}
		n.log.info("%s became %s in place of this node", chosen.Address, role)
	}
	for nc.address == n.info.Address {
		next, err := n.transfer(ctx, nc)
		if err != nil || next == nil {
			return err
		}
		nc.close()
		nc = next
	}
	if role == -1 {
		return nil
	}
	return n.demote(ctx, nc)
}

// transfer gives the leadership to another voter and returns a client of the leader after that, which may be this node again
// where the other one could not take it; nil where there is no other voter.
func (n *Node) transfer(ctx context.Context, nc *nodeClient) (*nodeClient, error) {
	members, err := nc.members(ctx)
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
		if err = nc.transfer(ctx, target.ID); err == nil {
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
func (n *Node) demote(ctx context.Context, nc *nodeClient) error {
	for {
		err := nc.ensure(ctx, n.info.ID, client.Spare)
		if err == nil {
			return nil
		}
		if sleep(ctx, settlePause) != nil {
			return fmt.Errorf("the node keeps its role: %w", err)
		}
	}
}
