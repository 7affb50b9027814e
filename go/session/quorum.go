// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// quorum asks a majority of the voters whom they follow. A leader that was cut off from them goes on for seconds to answer
// reads by what it knows. But whoever commits a write under another leader has heard of that one: so if a majority names our
// leader, then every write that was acknowledged before the question is known to it.
type quorum struct {
	options *Options
	asking  sync.Mutex    // one confirmation at a time; one that was given up may not have ended yet
	voters  []wire.Member // by what the leader said last
	mu      sync.Mutex
	idle    map[string]*caller // connections that wait for the next question
	closed  bool
}

// confirmation is a question under way.
type confirmation struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // good once done is closed; errNotLeader where the leader is surely another one
}

// confirm begins to ask.
func (q *quorum) confirm(leader string, timeout time.Duration) *confirmation {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	c := &confirmation{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer cancel()
		c.err = q.ask(ctx, leader)
	}()
	return c
}

// testimony is what one server answered.
type testimony struct {
	address string
	leader  wire.Server
	members []wire.Member // from the leader alone
	err     error
}

func (q *quorum) ask(ctx context.Context, leader string) error {
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
func (q *quorum) askOnce(ctx context.Context, leader string) (again bool, err error) {
	round, cancel := context.WithCancel(ctx)
	defer cancel() // a voter that does not answer holds up nobody
	asked := []string{leader}
	for _, voter := range q.voters {
		if voter.Address != leader {
			asked = append(asked, voter.Address)
		}
	}
	answers := make(chan testimony, len(asked))
	for _, address := range asked {
		go func() { answers <- q.hear(round, address, address == leader, address == leader) }()
	}
	heard := make(map[string]testimony)
	for range asked {
		t := <-answers
		heard[t.address] = t
		own, known := heard[leader]
		switch {
		case !known:
			continue
		case own.err != nil:
			return false, own.err
		case own.leader.ID == 0: // it hands over
			return false, errNotLeader
		case !slices.Equal(own.members, q.voters):
			q.voters = own.members
			return true, errors.New("the members of the cluster change all the time")
		}
		if 2*q.count(heard, own.leader.ID) > len(q.voters) {
			return false, nil
		}
	}
	return false, q.dissent(heard, heard[leader].leader.ID)
}

func (q *quorum) count(heard map[string]testimony, leader uint64) (votes int) {
	for _, voter := range q.voters {
		t, found := heard[voter.Address]
		if voter.ID == leader || found && t.err == nil && t.leader.ID == leader {
			votes++
		}
	}
	return votes
}

// dissent says why there is no majority: the others follow another leader, or cannot be asked.
func (q *quorum) dissent(heard map[string]testimony, leader uint64) error {
	var reasons []error
	for _, voter := range q.voters {
		switch t := heard[voter.Address]; {
		case voter.ID == leader:
		case t.err != nil:
			reasons = append(reasons, fmt.Errorf("%s: %w", voter.Address, t.err))
		case t.leader.Address == "":
			reasons = append(reasons, fmt.Errorf("%s: %w", voter.Address, errNoLeader))
		case t.leader.ID != leader:
			return errNotLeader
		}
	}
	return errors.Join(reasons...)
}

// hear asks one server, over the connection of the last time if that is still good.
func (q *quorum) hear(ctx context.Context, address string, members, proof bool) testimony {
	t := testimony{address: address}
	for {
		c, kept := q.take(address)
		if !kept {
			if c, t.err = call(ctx, address, q.options.Credentials); t.err != nil {
				return t
			}
			t.err = c.greet()
		} else if !c.resume(ctx) {
			c.hangUp()
			t.err = ctx.Err()
			return t
		}
		if t.err == nil {
			t.err = t.question(c, members, proof)
		}
		if t.err == nil && q.keep(address, c) {
			return t
		}
		c.hangUp()
		if t.err == nil || !kept || ctx.Err() != nil {
			return t
		}
		t.err = nil // the server has ended that connection meanwhile
	}
}

// question asks whom the server follows and, where wanted, who has a vote, and for the proof that it is the leader itself.
func (t *testimony) question(c *caller, withMembers, proof bool) error {
	requests, answers := wire.AppendLeader(nil), 1
	if withMembers {
		requests, answers = wire.AppendCluster(requests), 2
	}
	if proof {
		requests, answers = wire.AppendPrepare(requests, ""), 3
	}
	frames, err := c.ask(requests, answers)
	if err != nil {
		return err
	}
	if frames[0].Type == wire.ResponseFailure {
		return refused(frames[0])
	}
	if t.leader, err = wire.DecodeServer(frames[0]); err != nil || !withMembers {
		return err
	}
	all, err := wire.DecodeServers(frames[1])
	if err == nil && len(members.Usable(t.address, all)) < len(all) {
		err = wire.Errorf("%d members, of whom not all can be dialled", len(all))
	}
	t.members = slices.DeleteFunc(all, func(m wire.Member) bool { return m.Role != wire.RoleVoter })
	if err != nil || !proof {
		return err
	}
	// No database is open on this connection, which the server says only if it is the leader, and so the one that it named.
	refusal, err := wire.DecodeFailure(frames[2])
	if err == nil && refusal.Code == wire.CodeNotLeader {
		return errNotLeader
	}
	return err
}

func (q *quorum) take(address string) (*caller, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c, found := q.idle[address]
	delete(q.idle, address)
	return c, found
}

// keep tells whether the connection is kept for the next question.
func (q *quorum) keep(address string, c *caller) bool {
	if !c.release() { // its deadline has passed meanwhile
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.idle[address] != nil {
		return false
	}
	if q.idle == nil {
		q.idle = make(map[string]*caller)
	}
	q.idle[address] = c
	return true
}

func (q *quorum) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, c := range q.idle {
		c.Conn.Close()
	}
	q.idle = nil
}

func (s *Session) questions() *quorum {
	if s.quorum == nil {
		s.quorum = &quorum{options: &s.options}
	}
	return s.quorum
}

// whenConfirmed goes on once a majority has confirmed that the server of this connection is the leader.
func (s *Session) whenConfirmed(then func()) {
	s.stake = s.openStake()
	c := s.questions().confirm(s.leader, s.options.LeaderTimeout)
	s.outside = &outside{c.done, c.cancel, func() {
		switch {
		case c.err == nil:
			then()
		case errors.Is(c.err, errNotLeader):
			s.leader, s.replaced = "", s.leader
			s.fail(s.notLeader())
		default:
			s.fail(fault.Errorf(fault.NoLeader, "no majority of the servers confirmed the leader within %v, so that a linearizable read "+
				"is not possible (%v)", s.options.LeaderTimeout, c.err))
		}
	}}
}
