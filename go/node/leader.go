// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dqlitepy.dev/go/members"
)

const (
	// attemptTimeout bounds one round, so that a server which does not answer is asked again on a new connection.
	attemptTimeout = 5 * time.Second
	firstPause     = 20 * time.Millisecond
	longestPause   = 250 * time.Millisecond
)

// NoLeaderError names every server that was asked, and what each said.
type NoLeaderError struct {
	waited  time.Duration
	servers []string
	reasons map[string]error
}

func (e *NoLeaderError) Error() string {
	texts := make([]string, len(e.servers))
	for i, server := range e.servers {
		texts[i] = fmt.Sprintf("%s: %v", server, e.reasons[server])
	}
	unit := time.Millisecond
	if e.waited > time.Second {
		unit = 100 * time.Millisecond
	}
	return fmt.Sprintf("no leader found within %v: %s; check that a majority of the nodes is running, and name one that has a vote",
		e.waited.Round(unit), strings.Join(texts, "; "))
}

// findLeader asks all servers at once, again and again until the context ends, and returns a client of the leader.
func (n network) findLeader(ctx context.Context, servers []string) (*nodeClient, error) {
	began := time.Now()
	servers = unique(servers, n.known.Others())
	reasons := make(map[string]error, len(servers))
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if nc := n.askAll(ctx, servers, reasons); nc != nil {
			return nc, nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return nil, &NoLeaderError{time.Since(began), servers, reasons}
		case <-time.After(pause):
		}
	}
}

// leaderWithin gives up after a time; the client itself lasts as long as the context.
func (n network) leaderWithin(ctx context.Context, timeout time.Duration, servers []string) (*nodeClient, error) {
	search, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	nc, err := n.findLeader(search, servers)
	if err != nil {
		return nil, err
	}
	return nc.outlive(search, ctx)
}

// unique returns all addresses, each once.
func unique(lists ...[]string) (all []string) {
	for _, address := range slices.Concat(lists...) {
		if !slices.Contains(all, address) {
			all = append(all, address)
		}
	}
	return all
}

type answer struct {
	server string
	client *nodeClient
	err    error
}

func (n network) askAll(ctx context.Context, servers []string, reasons map[string]error) *nodeClient {
	round, cancel := context.WithTimeout(ctx, attemptTimeout)
	answers := make(chan answer, len(servers))
	for _, server := range servers {
		go func() {
			nc, err := n.leaderVia(round, server)
			answers <- answer{server, nc, err}
		}()
	}
	for left := len(servers); left > 0; left-- {
		a := <-answers
		if a.client != nil && a.client.rebind(ctx) {
			go func() { // the others are not waited for
				for range left - 1 {
					if late := <-answers; late.client != nil {
						late.client.close()
					}
				}
			}()
			cancel()
			return a.client
		}
		if _, known := reasons[a.server]; a.err != nil && (!known || round.Err() == nil) {
			reasons[a.server] = a.err // what it said before its time was up tells more
		}
	}
	cancel()
	return nil
}

// leaderVia connects to a server, or to the leader that it names.
func (n network) leaderVia(ctx context.Context, server string) (*nodeClient, error) {
	nc, err := n.connect(ctx, server)
	if err != nil {
		return nil, err
	}
	if n.known != nil && !n.known.IsGiven(server) {
		if known, err := nc.servers(ctx); err != nil || !n.known.Shares(known) {
			nc.close()
			return nil, errors.Join(err, members.ErrOtherCluster)
		}
	}
	named, ok, err := nc.leader(ctx)
	switch {
	case err == nil && !ok:
		err = errors.New("it knows no leader")
	case err == nil && n.known != nil && !members.Leads(server, named.Address):
		err = fmt.Errorf("it names %q as the leader, which is not an address", named.Address)
	}
	if err == nil && named.Address == server {
		return nc, nil
	}
	nc.close()
	if err != nil {
		return nil, err
	}
	if nc, err = n.connect(ctx, named.Address); err != nil {
		return nil, fmt.Errorf("it names %s as the leader, which cannot be reached (%v)", named.Address, err)
	}
	if own, _, err := nc.leader(ctx); err != nil || own.Address != named.Address {
		nc.close()
		return nil, fmt.Errorf("it names %s as the leader, but that node does not lead", named.Address)
	}
	return nc, nil
}
