// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/canonical/go-dqlite/v3/client"
)

// move tells the cluster the address of this node, which it has at another one, and returns the members after that. Only a node
// that is said to have moved from there does so: any other is an old copy, and would take the place of the node itself.
func (n *Node) move(ctx context.Context, nc *nodeClient, members []client.NodeInfo, from, movedFrom string) ([]client.NodeInfo, error) {
	own := n.info
	if from != movedFrom {
		return nil, fmt.Errorf("this node (%d) is at %s in its cluster, not at %s. If it has moved from there, and no copy of it runs there, "+
			"give that address as moved_from (--moved-from); if that is where it runs, this is an old copy of its directory: stop it", own.ID, from, own.Address)
	}
	for _, member := range members {
		if member.Address == own.Address {
			return nil, fmt.Errorf("cannot move: the address %s belongs to another node of the cluster, with the id %d", own.Address, member.ID)
		}
	}
	if another, err := n.isAnother(ctx, from); err != nil {
		return nil, err
	} else if another {
		return nil, stillThere(from)
	}
	if err := nc.move(ctx, own.ID, own.Address); err != nil {
		return nil, fmt.Errorf("cannot move yet: %w", err)
	}
	n.log.info("moved from %s to %s", from, own.Address)
	return nc.members(ctx)
}

func stillThere(address string) error {
	return fmt.Errorf("cannot move: a node still runs at %s, and two of them must never share one identity: stop that one, "+
		"or let this one join with an empty directory", address)
}

// hasMoved tells whether the directory of this node, which does not run yet, has the address from which it is said to have
// moved, and fails where a node runs there.
func (n *Node) hasMoved(ctx context.Context, from string) (bool, error) {
	stored, found, err := readInfo(n.directory)
	if err != nil || !found || from == "" || stored.Address != from || n.info.Address == from {
		return false, err
	}
	runs := false
	n.with(ctx, from, func(ctx context.Context, nc *nodeClient) error {
		_, err := nc.members(ctx)
		runs = err == nil
		return err
	})
	if runs {
		return false, stillThere(from)
	}
	return true, nil
}

// isAnother tells whether a node runs at an address that is not this one. This one may still be reached there.
func (n *Node) isAnother(ctx context.Context, address string) (bool, error) {
	other, err := n.network.connect(ctx, address)
	if err != nil {
		return false, nil // nobody is there
	}
	defer other.close()
	if _, err := other.members(ctx); err != nil {
		return false, nil // it is no node
	}
	connections, err := n.Connections(ctx)
	if err != nil {
		return false, err
	}
	ours, _ := netip.ParseAddrPort(other.socket.LocalAddr().String())
	for _, connection := range connections {
		theirs, err := netip.ParseAddrPort(connection.Address)
		if err == nil && netip.AddrPortFrom(theirs.Addr().Unmap(), theirs.Port()) == netip.AddrPortFrom(ours.Addr().Unmap(), ours.Port()) {
			return false, nil
		}
	}
	return true, nil
}
