// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/canonical/go-dqlite/v3/app"
	"github.com/canonical/go-dqlite/v3/client"
)

// probeTimeout is how long a node may take to answer before it counts as offline.
const probeTimeout = 2 * time.Second

// assume gives this node the role that it should begin with.
func (r *roster) assume(ctx context.Context, nc *nodeClient, members []client.NodeInfo) error {
	changes := r.node.probe(ctx, r.config, members)
	own := r.node.info.ID
	role := changes.Assume(own)
	if role == -1 {
		return nil
	}
	if err := nc.ensure(ctx, own, role); err != nil {
		return fmt.Errorf("cannot become %s yet: %w", role, err)
	}
	r.node.log.info("became %s", role)
	if role != client.Voter || len(changes.List(client.Voter, true, nil)) != 1 {
		return nil
	}
	// The third node of a cluster makes another one a voter with it. Where this fails the leader will do it.
	for _, member := range members {
		if member.ID != own && member.Role != client.Voter && changes.Metadata(member) != nil {
			if err := nc.ensure(ctx, member.ID, client.Voter); err == nil {
				break
			} else {
				r.node.log.warn("%s cannot become voter yet: %v", member.Address, err)
			}
		}
	}
	return nil
}

// adjust changes roles where too many or too few nodes have one, if this node is the leader.
func (r *roster) adjust(ctx context.Context, nc *nodeClient, members []client.NodeInfo) error {
	if nc.address != r.node.info.Address {
		return nil
	}
	for {
		changes := r.node.probe(ctx, r.config, members)
		role, candidates := changes.Adjust(r.node.info.ID)
		if role == -1 {
			return nil
		}
		chosen, err := assignFirst(ctx, nc, candidates, role)
		if err != nil {
			return fmt.Errorf("no node could become %s: %w", role, err)
		}
		r.node.log.info("%s became %s", chosen.Address, role)
		if members, err = nc.members(ctx); err != nil {
			return err
		}
		if err := r.remember(members); err != nil {
			return err
		}
	}
}

// assignFirst gives the role to the first candidate that can take it.
func assignFirst(ctx context.Context, nc *nodeClient, candidates []client.NodeInfo, role client.NodeRole) (client.NodeInfo, error) {
	var failures []error
	for _, candidate := range candidates {
		err := nc.ensure(ctx, candidate.ID, role)
		if err == nil {
			return candidate, nil
		}
		failures = append(failures, fmt.Errorf("%s: %w", candidate.Address, err))
	}
	return client.NodeInfo{}, errors.Join(failures...)
}

// probe asks every member how it is; those that do not answer count as offline.
func (n *Node) probe(ctx context.Context, config app.RolesConfig, members []client.NodeInfo) app.RolesChanges {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	state := make(map[client.NodeInfo]*client.NodeMetadata, len(members))
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, member := range members {
		state[member] = nil
	}
	for _, member := range members {
		wait.Add(1)
		go func() {
			defer wait.Done()
			nc, err := n.network.connect(ctx, member.Address)
			if err != nil {
				return
			}
			defer nc.close()
			if metadata, err := nc.describe(ctx); err == nil {
				mu.Lock()
				defer mu.Unlock()
				state[member] = &client.NodeMetadata{FailureDomain: metadata.FailureDomain, Weight: metadata.Weight}
			}
		}()
	}
	wait.Wait()
	return app.RolesChanges{Config: config, State: state}
}
