// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"slices"
	"time"

	"dqlitepy.dev/go/wire"
)

// askPatience bounds each question whether the leader was replaced.
const askPatience = 2 * time.Second

// Verdict is what the other servers say, or a server itself.
type Verdict struct {
	Done     chan struct{}
	Replaced bool // good once done is closed
}

// AskWhetherSilent begins to ask a server that answers everybody whether it still does. Replaced says that it does not.
func (q *Quorum) AskWhetherSilent(address string) *Verdict {
	return judge(func(ctx context.Context) bool { return q.askServer(ctx, address, false, false).err != nil })
}

// AskWhetherReplaced begins to ask the servers whether they follow another leader than this one, which says nothing.
func (q *Quorum) AskWhetherReplaced(leader uint64) *Verdict {
	return judge(func(ctx context.Context) bool { return q.replaced(ctx, leader) })
}

// judge begins to ask.
func judge(ask func(context.Context) bool) *Verdict {
	v := &Verdict{Done: make(chan struct{})}
	go func() {
		defer close(v.Done)
		ctx, cancel := context.WithTimeout(context.Background(), askPatience)
		defer cancel()
		v.Replaced = ask(ctx)
	}()
	return v
}

// replaced tells whether a majority of the voters follows one and the same other leader.
func (q *Quorum) replaced(ctx context.Context, leader uint64) bool {
	heard := make(map[string]serverView)
	var voters []wire.Member
	unasked := slices.Concat(q.options.Servers, q.options.Members.Others())
	for len(unasked) > 0 {
		answers := make(chan serverView, len(unasked))
		for _, address := range unasked {
			heard[address] = serverView{}
			go func() { answers <- q.askServer(ctx, address, true, false) }()
		}
		for range unasked {
			v := <-answers
			heard[v.address] = v
			if v.err == nil && v.leader.ID != 0 && v.leader.ID != leader && q.belongs(v) {
				voters = v.members
			}
		}
		unasked = unasked[:0]
		for _, voter := range voters {
			if _, asked := heard[voter.Address]; !asked {
				unasked = append(unasked, voter.Address)
			}
		}
	}
	followers := make(map[uint64]int)
	for _, voter := range voters {
		if v := heard[voter.Address]; v.err == nil && v.leader.ID != 0 && v.leader.ID != leader {
			followers[v.leader.ID]++
		}
	}
	for _, count := range followers {
		if 2*count > len(voters) {
			return true
		}
	}
	return false
}

// belongs tells whether what a server says is about this cluster.
func (q *Quorum) belongs(v serverView) bool {
	return slices.Contains(q.options.Servers, v.address) || q.options.Members.Shares(v.members)
}
