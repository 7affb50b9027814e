// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// Cluster is reached through the addresses of some of its nodes.
type Cluster struct {
	network network
	servers []string
}

// NewCluster checks the addresses; it connects to nobody. Without credentials there is no TLS.
func NewCluster(servers []string, trust *credentials.Credentials) (*Cluster, error) {
	if len(servers) == 0 {
		return nil, errors.New("no server to ask: name at least one address")
	}
	for _, address := range servers {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	return &Cluster{network{trust, members.Of(servers, trust != nil)}, servers}, nil
}

// findLeader returns a client of the leader, and learns from it who the members are.
func (c *Cluster) findLeader(ctx context.Context) (*nodeClient, error) {
	nc, err := c.network.findLeader(ctx, c.servers)
	if err == nil {
		if known, err := nc.servers(ctx); err == nil {
			c.network.known.Learn(known)
		}
	}
	return nc, err
}

// Leader returns who leads the cluster.
func (c *Cluster) Leader(ctx context.Context) (info client.NodeInfo, err error) {
	err = c.withLeader(ctx, func(nc *nodeClient) error {
		found, ok, err := nc.leader(ctx)
		if err == nil && !ok {
			return errLeaderGone
		}
		info = found
		return err
	})
	return info, err
}

// Members returns the nodes of the cluster, as its leader knows them.
func (c *Cluster) Members(ctx context.Context) (members []client.NodeInfo, err error) {
	err = c.withLeader(ctx, func(nc *nodeClient) error {
		members, err = nc.members(ctx)
		return err
	})
	return members, err
}

// Add adds a node, and gives it its role. An id of 0 is replaced by a new one.
func (c *Cluster) Add(ctx context.Context, info client.NodeInfo) (client.NodeInfo, error) {
	if err := checkAddress(info.Address); err != nil {
		return info, err
	}
	if info.ID == 0 {
		info.ID = dqlite.GenerateID(info.Address)
	}
	err := c.change(ctx, func(nc *nodeClient, members []client.NodeInfo) error {
		for _, member := range members {
			switch {
			case member == info:
				return committed(nc.assign(ctx, info.ID, info.Role), badRole)
			case member.ID == info.ID && member.Address == info.Address:
				return nc.assign(ctx, info.ID, info.Role)
			case member.ID == info.ID || member.Address == info.Address:
				return fmt.Errorf("the node %d at %s is a member already: its id and address must be new", member.ID, member.Address)
			}
		}
		return nc.add(ctx, info.ID, info.Address)
	})
	return info, err
}

// Target names a node by its id, or where that is 0 by its address.
type Target struct {
	ID      uint64
	Address string
}

func (t Target) find(members []client.NodeInfo) (client.NodeInfo, error) {
	for _, member := range members {
		if t.ID == member.ID || t.ID == 0 && t.Address == member.Address {
			return member, nil
		}
	}
	known := fmt.Sprint(addressesOf(members))
	if t.ID != 0 {
		return client.NodeInfo{}, fmt.Errorf("no node of the cluster has the id %d; its nodes are %s", t.ID, known)
	}
	return client.NodeInfo{}, fmt.Errorf("no node of the cluster has the address %s; its nodes are %s", t.Address, known)
}

// Assign gives a node a role. It does nothing if the node has that role.
func (c *Cluster) Assign(ctx context.Context, target Target, role client.NodeRole) error {
	return c.change(ctx, func(nc *nodeClient, members []client.NodeInfo) error {
		member, err := target.find(members)
		if err != nil {
			return err
		}
		if member.Role == role {
			return committed(nc.assign(ctx, member.ID, role), badRole)
		}
		if member.Address == nc.address && role != client.Voter {
			return fmt.Errorf("%s leads the cluster and cannot become %s: transfer the leadership first", member.Address, role)
		}
		return nc.assign(ctx, member.ID, role)
	})
}

// Remove takes a node out of the cluster.
func (c *Cluster) Remove(ctx context.Context, target Target) error {
	begun := uint64(0)
	return c.change(ctx, func(nc *nodeClient, members []client.NodeInfo) error {
		member, err := target.find(members)
		switch {
		case err != nil && begun != 0:
			return committed(nc.remove(ctx, begun), badID)
		case err != nil:
			return err
		case member.Address == nc.address:
			return fmt.Errorf("%s leads the cluster and cannot be removed: transfer the leadership first", member.Address)
		}
		begun = member.ID
		return nc.remove(ctx, member.ID)
	})
}

// Transfer makes a voter the leader, and returns when it is.
func (c *Cluster) Transfer(ctx context.Context, target Target) error {
	return c.change(ctx, func(nc *nodeClient, members []client.NodeInfo) error {
		member, err := target.find(members)
		switch {
		case err != nil:
			return err
		case member.Address == nc.address:
			return errDone
		case member.Role != client.Voter:
			return fmt.Errorf("%s is %s, and only a voter can lead: give it that role first", member.Address, member.Role)
		}
		return nc.transfer(ctx, member.ID)
	})
}

// Describe returns what the node at an address reports about itself; a stock server reports no position.
func (c *Cluster) Describe(ctx context.Context, address string) (metadata wire.Metadata, err error) {
	err = c.with(ctx, address, func(nc *nodeClient) error {
		metadata, err = nc.describeWithPosition(ctx)
		return err
	})
	return metadata, err
}

// Connections returns who is connected to the node at an address.
func (c *Cluster) Connections(ctx context.Context, address string) (all []wire.Connection, err error) {
	err = c.with(ctx, address, func(nc *nodeClient) error {
		all, err = nc.connections(ctx)
		return err
	})
	return all, err
}

// Weigh sets the weight of the node at an address, which it keeps until it stops.
func (c *Cluster) Weigh(ctx context.Context, address string, weight uint64) error {
	return c.with(ctx, address, func(nc *nodeClient) error { return nc.weigh(ctx, weight) })
}

// View returns the members and the leader as the node at an address sees them. The leader's address is "" if it knows none.
func (c *Cluster) View(ctx context.Context, address string) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	err = c.with(ctx, address, func(nc *nodeClient) error {
		members, leader, err = nc.view(ctx)
		return err
	})
	return members, leader, err
}

// with calls work with a client of the node at an address.
func (c *Cluster) with(ctx context.Context, address string, work func(*nodeClient) error) error {
	if err := checkAddress(address); err != nil {
		return err
	}
	nc, err := c.network.connect(ctx, address)
	if err == nil {
		defer nc.close()
		err = work(nc)
	}
	if err != nil {
		return at(address, err)
	}
	return nil
}

var errLeaderGone = errors.New("the leader changed")

// withLeader calls work, which changes nothing, with a client of the leader, again where that was not the leader any more.
func (c *Cluster) withLeader(ctx context.Context, work func(*nodeClient) error) error {
	for {
		nc, err := c.findLeader(ctx)
		if err != nil {
			return err
		}
		err = work(nc)
		nc.close()
		switch {
		case err == nil:
			return nil
		case !passing(err):
			return at(nc.address, err)
		}
		if err := sleep(ctx, settlePause); err != nil {
			return err
		}
	}
}

// errDone ends change: the cluster is as it should be.
var errDone = errors.New("done")

// committed turns the answer of a leader that refuses a change, as its list shows it already, into errDone. The list shows
// it before it is committed. Such a request is refused with that text only when no change is under way.
func committed(err error, refusal string) error {
	if already(err, refusal) {
		return errDone
	}
	return err
}

// change calls step with a client of the leader and the members, until it returns errDone: after each success, and after each
// failure that says nothing about whether the change happened, it looks at what the cluster is now.
func (c *Cluster) change(ctx context.Context, step func(*nodeClient, []client.NodeInfo) error) error {
	var last error
	for {
		nc, err := c.findLeader(ctx)
		if err != nil {
			return withCause(err, last)
		}
		members, err := nc.members(ctx)
		if err == nil {
			err = step(nc, members)
		}
		nc.close()
		switch {
		case errors.Is(err, errDone):
			return nil
		case err == nil:
			continue
		case passing(err):
			last = at(nc.address, err)
		default:
			return at(nc.address, err)
		}
		if err := sleep(ctx, settlePause); err != nil {
			return withCause(err, last)
		}
	}
}

func withCause(err, last error) error {
	if last == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return last
}
