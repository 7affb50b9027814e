// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dqlitepy.dev/go/wire"
)

// Quorum asks a majority of the voters whom they follow. A leader that was cut off from them goes on for seconds to answer
// reads by what it knows. But whoever commits a write under another leader has heard of that one: so if a majority names our
// leader, then every write that was acknowledged before the question is known to it.
type Quorum struct {
	options *Options
	asking  sync.Mutex    // one confirmation at a time; one that was given up may not have ended yet
	voters  []wire.Member // by what the leader said last
	mu      sync.Mutex
	idle    map[string]*probeConn // connections that wait for the next question
	closed  bool
}

// NewQuorum makes a quorum of the cluster that the options name.
func NewQuorum(options *Options) *Quorum { return &Quorum{options: options} }

// Confirmation is a question under way.
type Confirmation struct {
	Cancel context.CancelFunc
	Done   chan struct{}
	Err    error // good once done is closed; ErrNotLeader where the leader is surely another one
}

// Confirm begins to ask.
func (q *Quorum) Confirm(leader string, timeout time.Duration) *Confirmation {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	c := &Confirmation{Cancel: cancel, Done: make(chan struct{})}
	go func() {
		defer close(c.Done)
		defer cancel()
		c.Err = q.waitForMajority(ctx, leader)
	}()
	return c
}

func (q *Quorum) waitForMajority(ctx context.Context, leader string) error {
	q.asking.Lock()
	defer q.asking.Unlock()
	for {
		again, err := q.askOnce(ctx, leader)
		if !again || ctx.Err() != nil {
			return err
		}
	}
}

// askOnce asks the leader and the voters that are known. It has to be done again where the leader knows of other voters.
func (q *Quorum) askOnce(ctx context.Context, leader string) (again bool, err error) {
	round, cancel := context.WithCancel(ctx)
	defer cancel() // a voter that does not answer holds up nobody
	asked := []string{leader}
	for _, voter := range q.voters {
		if voter.Address != leader {
			asked = append(asked, voter.Address)
		}
	}
	answers := make(chan serverView, len(asked))
	for _, address := range asked {
		go func() { answers <- q.askServer(round, address, address == leader, address == leader) }()
	}
	heard := make(map[string]serverView)
	for range asked {
		v := <-answers
		heard[v.address] = v
		own, known := heard[leader]
		switch {
		case !known:
			continue
		case own.err != nil:
			return false, own.err
		case own.leader.ID == 0: // it hands over
			return false, ErrNotLeader
		case !slices.Equal(own.members, q.voters):
			q.voters = own.members
			return true, errors.New("the members of the cluster keep changing")
		}
		if 2*q.count(heard, own.leader.ID) > len(q.voters) {
			return false, nil
		}
	}
	return false, q.dissent(heard, heard[leader].leader.ID)
}

func (q *Quorum) count(heard map[string]serverView, leader uint64) (votes int) {
	for _, voter := range q.voters {
		v, found := heard[voter.Address]
		if voter.ID == leader || found && v.err == nil && v.leader.ID == leader {
			votes++
		}
	}
	return votes
}

// dissent says why there is no majority: the others follow another leader, or cannot be asked.
func (q *Quorum) dissent(heard map[string]serverView, leader uint64) error {
	var reasons []error
	for _, voter := range q.voters {
		switch v := heard[voter.Address]; {
		case voter.ID == leader:
		case v.err != nil:
			reasons = append(reasons, fmt.Errorf("%s: %w", voter.Address, v.err))
		case v.leader.Address == "":
			reasons = append(reasons, fmt.Errorf("%s: %w", voter.Address, errNoLeader))
		case v.leader.ID != leader:
			return ErrNotLeader
		}
	}
	return errors.Join(reasons...)
}
