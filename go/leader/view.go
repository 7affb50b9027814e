// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"context"
	"slices"

	"dqlitepy.dev/go/members"
	"dqlitepy.dev/go/wire"
)

// serverView is what one server answered.
type serverView struct {
	address string
	leader  wire.Server
	members []wire.Member // from the leader alone
	err     error
}

// askServer asks one server, over the connection of the last time if that is still good.
func (q *Quorum) askServer(ctx context.Context, address string, members, proof bool) serverView {
	v := serverView{address: address}
	for {
		c, kept := q.take(address)
		if !kept {
			if c, v.err = probe(ctx, address, q.options.Credentials); v.err != nil {
				return v
			}
			v.err = c.greet()
		} else if !c.resume(ctx) {
			c.hangUp()
			v.err = ctx.Err()
			return v
		}
		if v.err == nil {
			v.err = v.question(c, members, proof)
		}
		if v.err == nil && q.keep(address, c) {
			return v
		}
		c.hangUp()
		if v.err == nil || !kept || ctx.Err() != nil {
			return v
		}
		v.err = nil // the server has ended that connection meanwhile
	}
}

// question asks whom the server follows and, where wanted, who has a vote, and for the proof that it is the leader itself.
func (v *serverView) question(c *probeConn, withMembers, proof bool) error {
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
	if v.leader, err = wire.DecodeServer(frames[0]); err != nil || !withMembers {
		return err
	}
	all, err := wire.DecodeServers(frames[1])
	if err == nil && len(members.Usable(v.address, all)) < len(all) {
		err = wire.Errorf("%d members, of whom not all can be dialled", len(all))
	}
	v.members = slices.DeleteFunc(all, func(m wire.Member) bool { return m.Role != wire.RoleVoter })
	if err != nil || !proof {
		return err
	}
	// No database is open on this connection, which the server says only if it is the leader, and so the one that it named.
	refusal, err := wire.DecodeFailure(frames[2])
	if err == nil && refusal.Code == wire.CodeNotLeader {
		return ErrNotLeader
	}
	return err
}

func (q *Quorum) take(address string) (*probeConn, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c, found := q.idle[address]
	delete(q.idle, address)
	return c, found
}

// keep tells whether the connection is kept for the next question.
func (q *Quorum) keep(address string, c *probeConn) bool {
	if !c.release() { // its deadline has passed meanwhile
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.idle[address] != nil {
		return false
	}
	if q.idle == nil {
		q.idle = make(map[string]*probeConn)
	}
	q.idle[address] = c
	return true
}

// Close ends the connections that are kept for the next question.
func (q *Quorum) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, c := range q.idle {
		c.Conn.Close()
	}
	q.idle = nil
}
