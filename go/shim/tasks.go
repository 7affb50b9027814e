// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/node"
	"dqlitepy.dev/go/wire"
)

// taskHandle is something that a node or a cluster is asked for.
type taskHandle struct {
	mu      sync.Mutex
	handle  uint64
	job     *job
	closing bool
	rows    [][]wire.Value // good once the job is done

	attachment
}

// task is a copy of the caller's struct.
type task struct {
	servers                     []string
	trust                       *credentials.Credentials
	address, directory, members string
	node, id, weight            uint64
	operation                   C.int32_t
	role                        client.NodeRole
	timeout                     time.Duration
}

//export dqlitepy_begin_task
func dqlitepy_begin_task(in C.dqlitepy_task_in, slice_ms C.int32_t, handle *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*handle = 0
	if linkage != nil {
		return report(out, linkage)
	}
	t := task{
		servers: lines(in.servers),
		address: textOf(in.address), directory: textOf(in.directory), members: textOf(in.members),
		node: uint64(in.node), id: uint64(in.id), weight: uint64(in.weight),
		operation: C.int32_t(in.operation), role: client.NodeRole(in.role),
		timeout: time.Duration(in.timeout_ms) * time.Millisecond,
	}
	trust, failure := trustIn(in.tls_certificate, in.tls_key, in.tls_authority)
	if failure != nil {
		return report(out, failure)
	}
	t.trust = trust
	work, failure := t.work()
	if failure != nil {
		return report(out, failure)
	}
	h := &taskHandle{}
	h.job = startJob(func(ctx context.Context) *fault.Error {
		bounded, cancel := context.WithTimeout(ctx, t.timeout)
		defer cancel()
		rows, err := work(bounded)
		h.rows = rows
		return taskError(ctx, err, t.timeout)
	})
	h.handle = handles.add(h)
	*handle = C.uint64_t(h.handle)
	status = h.wait(sliceOf(slice_ms), out)
	if status == C.DQLITEPY_ERROR {
		*handle = 0
	}
	return status
}

//export dqlitepy_take_result
func dqlitepy_take_result(handle C.uint64_t, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	h, ok := handles.get(uint64(handle)).(*taskHandle)
	if !ok {
		return report(out, stale("task"))
	}
	if !h.job.wait(0) {
		return report(out, fault.Errorf(fault.Programming, "the task is still under way: wait for it first"))
	}
	if !handles.remove(h.handle) {
		return report(out, stale("task"))
	}
	return handOverRows(h.rows, block, size, out)
}

func (h *taskHandle) attach(p *poller) { h.attachTo(p, h.handle, h.job) }

// wait waits for the task. A handle that failed, or is closed, goes with it.
func (h *taskHandle) wait(slice time.Duration, out *C.dqlitepy_error) C.int32_t {
	if !h.job.wait(slice) {
		h.awaits(h.handle, h.job)
		return C.DQLITEPY_PENDING
	}
	h.mu.Lock()
	closing := h.closing
	h.mu.Unlock()
	if closing || h.job.failure != nil {
		handles.remove(h.handle)
	}
	if closing {
		return C.DQLITEPY_OK
	}
	return report(out, h.job.failure)
}

func (h *taskHandle) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closing = true
	h.job.cancel()
}

func (h *taskHandle) cancel() { h.job.cancel() }

// taskError is what the caller is told; ctx ends when the caller cancels, and not with the timeout.
func taskError(ctx context.Context, err error, timeout time.Duration) *fault.Error {
	var noLeader *node.NoLeaderError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.Errorf(fault.Interrupted, "interrupted")
	case errors.As(err, &noLeader):
		return fault.Errorf(fault.NoLeader, "%v", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Errorf(fault.Connection, "not done within %v", timeout)
	default:
		return fault.Errorf(fault.Node, "%v", err)
	}
}

// work is what the task does. What is wrong with the task itself is found here.
func (t *task) work() (func(context.Context) ([][]wire.Value, error), *fault.Error) {
	switch t.operation {
	case C.DQLITEPY_NODE_READY, C.DQLITEPY_NODE_HANDOVER, C.DQLITEPY_NODE_STATE, C.DQLITEPY_NODE_CONNECTIONS:
		n, failure := runningNode(t.node)
		if failure != nil {
			return nil, failure
		}
		return func(ctx context.Context) ([][]wire.Value, error) { return t.onNode(ctx, n.node) }, nil
	case C.DQLITEPY_LAST_ENTRY, C.DQLITEPY_RECONFIGURE:
		return func(context.Context) ([][]wire.Value, error) { return t.onDirectory() }, nil
	}
	if t.operation < C.DQLITEPY_LEADER || t.operation > C.DQLITEPY_WEIGH {
		return nil, fault.Errorf(fault.Programming, "there is no operation %d", t.operation)
	}
	if t.role < client.Voter || t.role > client.Spare {
		return nil, fault.Errorf(fault.Programming, "there is no role %d", t.role)
	}
	cluster, err := node.NewCluster(t.servers, t.trust)
	if err != nil {
		return nil, fault.Errorf(fault.Programming, "%v", err)
	}
	return func(ctx context.Context) ([][]wire.Value, error) { return t.onCluster(ctx, cluster) }, nil
}

func (t *task) onNode(ctx context.Context, n *node.Node) ([][]wire.Value, error) {
	switch t.operation {
	case C.DQLITEPY_NODE_READY:
		return nil, n.WaitReady(ctx)
	case C.DQLITEPY_NODE_HANDOVER:
		return nil, n.Handover(ctx)
	case C.DQLITEPY_NODE_CONNECTIONS:
		connections, err := n.Connections(ctx)
		return connectionRows(connections), err
	}
	state, err := n.State(ctx)
	role := wire.NullValue()
	if state.Member {
		role = wire.IntegerValue(int64(state.Role))
	}
	leader := state.Leader
	return one(unsigned(state.ID), text(state.Address), role, unsigned(leader.ID), text(leader.Address),
		unsigned(state.Term), unsigned(state.LastIndex)), err
}

func (t *task) onDirectory() ([][]wire.Value, error) {
	if t.operation == C.DQLITEPY_LAST_ENTRY {
		term, index, err := node.LastEntry(t.directory)
		return one(unsigned(term), unsigned(index)), err
	}
	var members []client.NodeInfo
	for _, line := range strings.Split(t.members, "\n") {
		fields := strings.SplitN(line, " ", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%q is not a member: id, role and address are needed", line)
		}
		id, err := strconv.ParseUint(fields[0], 10, 64)
		role, wrong := strconv.Atoi(fields[1])
		if errors.Join(err, wrong) != nil || id == 0 || role < int(client.Voter) || role > int(client.Spare) {
			return nil, fmt.Errorf("%q is not a member: its id or its role is not one", line)
		}
		members = append(members, client.NodeInfo{ID: id, Role: client.NodeRole(role), Address: fields[2]})
	}
	return nil, node.Reconfigure(t.directory, members)
}

func (t *task) onCluster(ctx context.Context, cluster *node.Cluster) ([][]wire.Value, error) {
	target := node.Target{ID: t.id, Address: t.address}
	switch t.operation {
	case C.DQLITEPY_LEADER:
		leader, err := cluster.Leader(ctx)
		return one(unsigned(leader.ID), text(leader.Address)), err
	case C.DQLITEPY_MEMBERS:
		members, err := cluster.Members(ctx)
		return appendMembers(nil, members), err
	case C.DQLITEPY_VIEW:
		members, leader, err := cluster.View(ctx, t.address)
		return appendMembers(one(unsigned(leader.ID), text(leader.Address)), members), err
	case C.DQLITEPY_ADD:
		added, err := cluster.Add(ctx, client.NodeInfo{ID: t.id, Address: t.address, Role: t.role})
		return one(unsigned(added.ID)), err
	case C.DQLITEPY_ASSIGN:
		return nil, cluster.Assign(ctx, target, t.role)
	case C.DQLITEPY_TRANSFER:
		return nil, cluster.Transfer(ctx, target)
	case C.DQLITEPY_REMOVE:
		return nil, cluster.Remove(ctx, target)
	case C.DQLITEPY_DESCRIBE:
		metadata, err := cluster.Describe(ctx, t.address)
		row := []wire.Value{unsigned(metadata.FailureDomain), unsigned(metadata.Weight)}
		if position := metadata.Position; position != nil {
			row = append(row, unsigned(position.Term), unsigned(position.LastIndex), unsigned(position.DiskBytes))
		}
		return one(row...), err
	case C.DQLITEPY_CONNECTIONS:
		connections, err := cluster.Connections(ctx, t.address)
		return connectionRows(connections), err
	}
	return nil, cluster.Weigh(ctx, t.address, t.weight)
}

func appendMembers(rows [][]wire.Value, members []client.NodeInfo) [][]wire.Value {
	for _, member := range members {
		rows = append(rows, []wire.Value{unsigned(member.ID), text(member.Address), wire.IntegerValue(int64(member.Role))})
	}
	return rows
}

func connectionRows(connections []wire.Connection) [][]wire.Value {
	rows := make([][]wire.Value, len(connections))
	for i, c := range connections {
		rows[i] = []wire.Value{
			unsigned(c.ID), unsigned(c.State), unsigned(c.Connected), unsigned(c.Active), unsigned(c.Began),
			text(c.Address), text(c.Database),
		}
	}
	return rows
}

func one(row ...wire.Value) [][]wire.Value { return [][]wire.Value{row} }

// unsigned crosses as the signed number with the same bits.
func unsigned(number uint64) wire.Value { return wire.IntegerValue(int64(number)) }

func text(text string) wire.Value { return wire.TextValue([]byte(strings.ToValidUTF8(text, "\uFFFD"))) }
