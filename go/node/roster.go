// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/canonical/go-dqlite/v3/app"
	"github.com/canonical/go-dqlite/v3/client"
)

const (
	// searchTimeout is how long one look for the leader lasts, after which it is known why there is none.
	searchTimeout = time.Second
	// electionPatience is how long there may be none before the log says so: electing one takes its time.
	electionPatience = 10 * time.Second
	// tellPause is how long to wait before telling a busy server again who leads.
	tellPause = time.Millisecond
	// lookTimeout bounds all that is asked of one leader: one that was suspended never answers, and has long been replaced.
	lookTimeout  = time.Minute
	retryFirst   = 50 * time.Millisecond
	retryLongest = time.Second
)

// roster joins a new node to its cluster, keeps the list of members, and on the leader sees to it that enough nodes vote. It
// decides by go-dqlite's own rules, but does without the SQL driver that comes with go-dqlite's loop.
type roster struct {
	node      *Node
	config    app.RolesConfig
	interval  time.Duration
	patience  time.Duration // with one leader
	tell      TellLeader
	movedFrom string
	cancel    context.CancelFunc
	stopped   chan struct{}
	ready     chan struct{} // closed once the node is a member with the role that it should begin with

	mu      sync.Mutex
	members []client.NodeInfo
	problem error     // why it is not ready
	failing time.Time // since when
	said    string    // of it in the log
}

func newRoster(n *Node, options Options) *roster {
	ctx, cancel := context.WithCancel(context.Background())
	r := &roster{
		node:      n,
		config:    app.RolesConfig{Voters: options.Voters, StandBys: options.StandBys},
		interval:  options.RolesInterval,
		patience:  cmp.Or(options.patience, lookTimeout),
		tell:      options.TellLeader,
		movedFrom: options.MovedFrom,
		cancel:    cancel,
		stopped:   make(chan struct{}),
		ready:     make(chan struct{}),
	}
	known, err := readServers(n.directory)
	if err != nil {
		n.log.warn("%v", err)
	}
	for _, address := range append([]string{n.info.Address}, options.Join...) {
		if !slices.ContainsFunc(known, func(info client.NodeInfo) bool { return info.Address == address }) {
			known = append(known, client.NodeInfo{Address: address})
		}
	}
	r.members = known
	go r.run(ctx)
	return r
}

func (r *roster) stop() {
	r.cancel()
	<-r.stopped
}

func (r *roster) run(ctx context.Context) {
	defer close(r.stopped)
	retry := retryFirst
	for {
		err := r.look(ctx)
		if ctx.Err() != nil {
			return
		}
		pause := r.interval
		if err != nil {
			pause, retry = retry, min(2*retry, retryLongest)
			r.complain(err)
		} else {
			retry = retryFirst
			r.isReady()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// complain logs a problem, once for as long as it stays the same.
func (r *roster) complain(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.problem == nil {
		r.failing = time.Now()
	}
	r.problem = err
	var noLeader *NoLeaderError
	if errors.As(err, &noLeader) && time.Since(r.failing) < electionPatience {
		return
	}
	if text := err.Error(); text != r.said {
		r.node.log.warn("%s", text)
		r.said = text
	}
}

func (r *roster) isReady() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problem, r.said = nil, ""
	select {
	case <-r.ready:
	default:
		r.node.log.info("ready")
		close(r.ready)
	}
}

func (r *roster) addresses() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return addressesOf(r.members)
}

// everyone is whom this node knows, from the list that was kept and from its own log: a node that was stopped soon after
// others had joined may have only the one or the other.
func (r *roster) everyone(ctx context.Context) []string {
	addresses := r.addresses()
	members, _, _ := r.node.view(ctx, r.node.bound)
	for _, address := range addressesOf(members) {
		if !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

func addressesOf(members []client.NodeInfo) []string {
	addresses := make([]string, len(members))
	for i, member := range members {
		addresses[i] = member.Address
	}
	return addresses
}

// look does one round of the roster's work.
func (r *roster) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	nc, err := r.node.network.leaderWithin(ctx, searchTimeout, r.everyone(ctx))
	if err != nil {
		return err
	}
	defer nc.close()
	members, err := r.membership(ctx, nc)
	if err != nil {
		return err
	}
	if err := r.remember(members); err != nil {
		return err
	}
	r.tellLeader(ctx, nc, members)
	select {
	case <-r.ready:
		return r.adjust(ctx, nc, members)
	default:
		return r.assume(ctx, nc, members)
	}
}

// membership returns the members, this node among them; if it is not, it joins first.
func (r *roster) membership(ctx context.Context, nc *nodeClient) ([]client.NodeInfo, error) {
	members, err := nc.members(ctx)
	if err != nil {
		return nil, at(nc.address, err)
	}
	own := r.node.info
	joining := isJoining(r.node.directory)
	i := slices.IndexFunc(members, func(info client.NodeInfo) bool { return info.ID == own.ID })
	listed := i >= 0
	if listed && !joining && members[i].Address != own.Address {
		return r.node.move(ctx, nc, members, members[i].Address, r.movedFrom)
	}
	if !listed && !joining {
		return nil, fmt.Errorf("this node (%d, %s) is not a member of its cluster any more: it was removed. "+
			"To join again it needs an empty directory", own.ID, own.Address)
	}
	if joining {
		for _, member := range members {
			if member.Address == own.Address && member.ID != own.ID {
				return nil, fmt.Errorf("cannot join: the address %s belongs to another node of the cluster, with the id %d. "+
					"Remove that one from the cluster first", own.Address, member.ID)
			}
		}
		// Also if the list has this node: the list shows what an earlier attempt began, which may still come to nothing.
		if err := nc.add(ctx, own.ID, own.Address); err != nil && !already(err, duplicateID) {
			return nil, fmt.Errorf("cannot join yet: %w", err)
		}
		r.node.log.info("joined the cluster of %s", nc.address)
		if members, err = nc.members(ctx); err != nil {
			return nil, err
		}
		if err := hasJoined(r.node.directory); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// remember keeps the list of members, for this process and for the next start.
func (r *roster) remember(members []client.NodeInfo) error {
	r.mu.Lock()
	same := slices.Equal(r.members, members)
	r.members = members
	r.mu.Unlock()
	if same {
		return nil
	}
	return writeServers(r.node.directory, members)
}

// tellLeader lets this node, while it has no vote, name the leader to whoever asks it.
func (r *roster) tellLeader(ctx context.Context, nc *nodeClient, members []client.NodeInfo) {
	i := slices.IndexFunc(members, func(info client.NodeInfo) bool { return info.Address == nc.address })
	if r.tell == nil || i < 0 {
		return
	}
	for !r.tell(r.node.info, members[i]) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tellPause):
		}
	}
}
