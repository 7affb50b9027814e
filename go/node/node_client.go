// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/wire"
)

const (
	// settlePause is between two looks at what the cluster is about to do.
	settlePause = 20 * time.Millisecond
	// changeTimeout is how long ensure waits for another change of the configuration to end.
	changeTimeout = 5 * time.Second
	// largestAnswer is more than a cluster of thousands of nodes takes. What claims to be larger is no answer of dqlite's:
	// an HTTP server's first words announce ten gigabytes.
	largestAnswer = 1 << 20
)

// refusal is the error for a server's FAILURE answer.
type refusal wire.Failure

func (r *refusal) Error() string { return r.Message }

func refusedWith(err error, codes ...uint64) bool {
	var refused *refusal
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range codes {
		if refused.Code == code {
			return true
		}
	}
	return false
}

// nodeClient is a client of one node. It is closed when its context ends, which ends a call that waits for an answer. go-dqlite's
// own client would do, but believes whatever a server sends: a wrong length there ends the process.
type nodeClient struct {
	address string
	socket  net.Conn
	unbind  func() bool
	greeted bool
}

func (n network) connect(ctx context.Context, address string) (*nodeClient, error) {
	socket, err := n.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	nc := &nodeClient{address: address, socket: socket}
	nc.bind(ctx)
	return nc, nil
}

func (nc *nodeClient) bind(ctx context.Context) {
	nc.unbind = context.AfterFunc(ctx, func() { nc.socket.Close() })
}

// rebind lets another context end the client; it is of no use if the first one has ended.
func (nc *nodeClient) rebind(ctx context.Context) bool {
	if !nc.unbind() {
		return false
	}
	nc.bind(ctx)
	return true
}

// outlive binds a client to another context than the one it was found in. A client that was found in the last moment is lost,
// and that is an error although the other context goes on.
func (nc *nodeClient) outlive(search, ctx context.Context) (*nodeClient, error) {
	if !nc.rebind(ctx) {
		return nil, at(nc.address, reason(search.Err()))
	}
	return nc, nil
}

func (nc *nodeClient) close() {
	nc.unbind()
	nc.socket.Close()
}

// call sends a request and returns the answer, or as an error why there is none.
func (nc *nodeClient) call(ctx context.Context, request []byte) (wire.Frame, error) {
	frame, err := nc.exchange(request)
	switch {
	case err != nil && ctx.Err() != nil: // the socket was closed under the call
		return frame, reason(ctx.Err())
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return frame, errClosed
	case err != nil:
		return frame, reason(err)
	case frame.Type != wire.ResponseFailure:
		return frame, nil
	}
	failure, err := wire.DecodeFailure(frame)
	if err != nil {
		return frame, err
	}
	return frame, (*refusal)(&failure)
}

var errClosed = errors.New("it closed the connection")

func (nc *nodeClient) exchange(request []byte) (wire.Frame, error) {
	if !nc.greeted {
		request = append(wire.AppendHandshake(nil), request...)
		nc.greeted = true
	}
	if _, err := nc.socket.Write(request); err != nil {
		return wire.Frame{}, err
	}
	var raw [wire.HeaderSize]byte
	if _, err := io.ReadFull(nc.socket, raw[:]); err != nil {
		return wire.Frame{}, err
	}
	header, err := wire.DecodeHeader(raw[:])
	if err != nil {
		return wire.Frame{}, err
	}
	if header.BodySize() > largestAnswer {
		return wire.Frame{}, wire.Errorf("an answer of %d bytes", header.BodySize())
	}
	body := make([]byte, header.BodySize())
	_, err = io.ReadFull(nc.socket, body)
	return wire.Frame{Header: header, Body: body}, err
}

// command is a call whose answer says nothing but that it was done.
func (nc *nodeClient) command(ctx context.Context, request []byte) error {
	frame, err := nc.call(ctx, request)
	if err != nil {
		return err
	}
	return wire.DecodeEmpty(frame)
}

// leader asks the node who leads; ok is false if it knows no leader.
func (nc *nodeClient) leader(ctx context.Context) (info client.NodeInfo, ok bool, err error) {
	frame, err := nc.call(ctx, wire.AppendLeader(nil))
	if err != nil {
		return info, false, err
	}
	server, err := wire.DecodeServer(frame)
	return client.NodeInfo{ID: server.ID, Address: server.Address}, server.Address != "", err
}

// members asks the node who is in the cluster.
func (nc *nodeClient) members(ctx context.Context) ([]client.NodeInfo, error) {
	found, err := nc.servers(ctx)
	if err != nil {
		return nil, err
	}
	members := make([]client.NodeInfo, len(found))
	for i, member := range found {
		if strings.ContainsAny(member.Address, "\n\r") {
			return nil, wire.Errorf("the address %q", member.Address)
		}
		members[i] = client.NodeInfo{ID: member.ID, Address: member.Address, Role: client.NodeRole(member.Role)}
	}
	return members, nil
}

// view is whom the node takes for the members, and for the leader, whose address is "" for none.
func (nc *nodeClient) view(ctx context.Context) (members []client.NodeInfo, leader client.NodeInfo, err error) {
	if members, err = nc.members(ctx); err != nil {
		return nil, leader, err
	}
	leader, _, err = nc.leader(ctx)
	return members, leader, err
}

func (nc *nodeClient) servers(ctx context.Context) ([]wire.Member, error) {
	frame, err := nc.call(ctx, wire.AppendCluster(nil))
	if err != nil {
		return nil, err
	}
	return wire.DecodeServers(frame)
}

func (nc *nodeClient) describe(ctx context.Context) (wire.Metadata, error) {
	return nc.metadata(ctx, wire.AppendDescribe)
}

// describeWithPosition asks for all that the node knows to tell.
func (nc *nodeClient) describeWithPosition(ctx context.Context) (wire.Metadata, error) {
	metadata, err := nc.metadata(ctx, wire.AppendDescribeWithPosition)
	if refused := (*refusal)(nil); errors.As(err, &refused) && refused.Code == wire.CodeParse {
		return nc.describe(ctx)
	}
	return metadata, err
}

func (nc *nodeClient) metadata(ctx context.Context, request func([]byte) []byte) (wire.Metadata, error) {
	frame, err := nc.call(ctx, request(nil))
	if err != nil {
		return wire.Metadata{}, err
	}
	return wire.DecodeMetadata(frame)
}

// mostConnections is more than one node takes; what goes on with others is no node of ours.
const mostConnections = 1 << 17

// connections asks who is connected to the node.
func (nc *nodeClient) connections(ctx context.Context) (all []wire.Connection, err error) {
	for from, more := uint64(0), true; more; {
		frame, err := nc.call(ctx, wire.AppendDescribeConnections(nil, from))
		if refusedWith(err, wire.CodeParse) {
			return nil, errors.New("it does not tell who is connected: dqlitepy does not run this node, or an older version does")
		}
		if err != nil {
			return nil, err
		}
		var page []wire.Connection
		if page, more, err = wire.DecodeConnections(frame); err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(all) > mostConnections {
			return nil, wire.Errorf("more than %d connections", mostConnections)
		}
		if more {
			if page[0].ID < from {
				return nil, wire.Errorf("the connection %d where %d was asked for", page[0].ID, from)
			}
			from = page[len(page)-1].ID + 1
		}
	}
	return all, nil
}

func (nc *nodeClient) weigh(ctx context.Context, weight uint64) error {
	return nc.command(ctx, wire.AppendWeight(nil, weight))
}

// add adds a spare.
func (nc *nodeClient) add(ctx context.Context, id uint64, address string) error {
	return nc.command(ctx, wire.AppendAdd(nil, id, address))
}

// move lets a member have another address.
func (nc *nodeClient) move(ctx context.Context, id uint64, address string) error {
	err := nc.command(ctx, wire.AppendMove(nil, id, address))
	if refusedWith(err, wire.CodeParse) {
		return fmt.Errorf("%s leads the cluster and cannot change the address of a member: dqlitepy does not run it, or an older version "+
			"does. Let another node lead", nc.address)
	}
	return err
}

func (nc *nodeClient) remove(ctx context.Context, id uint64) error {
	return nc.command(ctx, wire.AppendRemove(nil, id))
}

// transfer makes a voter the leader; with 0, the one with the newest log.
func (nc *nodeClient) transfer(ctx context.Context, id uint64) error {
	return nc.command(ctx, wire.AppendTransfer(nil, id))
}

// assign gives a node a role.
func (nc *nodeClient) assign(ctx context.Context, id uint64, role client.NodeRole) error {
	return nc.command(ctx, wire.AppendAssign(nil, id, uint64(role)))
}

// Raft's answers if the node has the role already, if it is no member, and if it is one.
const (
	badRole     = "server role is not valid"
	badID       = "server ID is not valid"
	duplicateID = "server ID already in use"
)

// already tells whether a leader refuses a change with that text.
func already(err error, refusal string) bool {
	return refusedWith(err, wire.CodeFailed) && err.Error() == refusal
}

// ensure gives a node a role, as soon as the change of the configuration that may be under way is done.
func (nc *nodeClient) ensure(ctx context.Context, id uint64, role client.NodeRole) error {
	deadline := time.Now().Add(changeTimeout)
	for {
		err := nc.assign(ctx, id, role)
		if err == nil || already(err, badRole) {
			return nil
		}
		if !refusedWith(err, wire.CodeBusy) || time.Now().After(deadline) || sleep(ctx, settlePause) != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// passing tells whether to ask again: the leader changed, another change is under way, or the connection ended.
func passing(err error) bool {
	var code syscall.Errno
	return errors.Is(err, errClosed) || errors.As(err, &code) || errors.Is(err, errLeaderGone) ||
		refusedWith(err, wire.CodeBusy, wire.CodeNotLeader, wire.CodeLeadershipLost)
}

func at(address string, err error) error { return fmt.Errorf("%s: %w", address, err) }
