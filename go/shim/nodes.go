// SPDX-License-Identifier: Apache-2.0

package main

/*
#include "dqlitepy.h"
*/
import "C"

import (
	"context"
	"sync"
	"time"
	"unsafe"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/node"
)

// nodeHandle is a node with what is under way on it.
type nodeHandle struct {
	mu      sync.Mutex
	handle  uint64
	group   *link.Group
	job     *job // starting or closing; nil in between
	closing bool
	node    *node.Node // nil until it has started

	attachment
}

//export dqlitepy_node_start
func dqlitepy_node_start(options C.dqlitepy_node_options_in, slice_ms C.int32_t, handle *C.uint64_t,
	out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	*handle = 0
	if linkage != nil {
		return report(out, linkage)
	}
	settings := node.Options{
		Directory:         textOf(options.directory),
		ThresholdBytes:    uint64(options.snapshot_threshold_bytes),
		TrailingBytes:     uint64(options.snapshot_trailing_bytes),
		SetSnapshotBytes:  setSnapshotBytes,
		Address:           textOf(options.address),
		ID:                uint64(options.id),
		SnapshotThreshold: uint64(options.snapshot_threshold),
		SnapshotTrailing:  uint64(options.snapshot_trailing),
		SnapshotDynamic:   options.snapshot_dynamic != 0,
		AutoRecovery:      options.auto_recovery != 0,
		BusyTimeout:       time.Duration(options.busy_timeout_ms) * time.Millisecond,
		NetworkLatency:    time.Duration(options.network_latency_ms) * time.Millisecond,
		Bind:              textOf(options.bind),
		MovedFrom:         textOf(options.moved_from),
		Join:              lines(options.join),
		FailureDomain:     uint64(options.failure_domain),
		Voters:            int(options.voters),
		StandBys:          int(options.standbys),
		RolesInterval:     time.Duration(options.roles_interval_ms) * time.Millisecond,
		Bare:              options.bare != 0,
		Limits: node.Limits{
			Connections:     uint32(options.max_connections),
			RequestBytes:    uint64(options.max_request_bytes),
			WALBytes:        uint64(options.wal_limit),
			IdleTransaction: time.Duration(options.idle_transaction_ms) * time.Millisecond,
		},
		SetLimits:  setLimits,
		TellLeader: tellLeader,
	}
	trust, failure := trustIn(options.tls_certificate, options.tls_key, options.tls_authority)
	if failure != nil {
		return report(out, failure)
	}
	settings.TLS = trust
	n := &nodeHandle{group: link.NewGroup(0)}
	n.job = startJob(func(context.Context) *fault.Error {
		started, err := node.Start(settings)
		if err != nil {
			return fault.Errorf(fault.Node, "%v", err)
		}
		n.node = started
		return nil
	})
	n.handle = handles.add(n)
	*handle = C.uint64_t(n.handle)
	status = n.wait(sliceOf(slice_ms), out)
	if status == C.DQLITEPY_ERROR {
		*handle = 0
	}
	return status
}

//export dqlitepy_node_address
func dqlitepy_node_address(handle C.uint64_t, block *unsafe.Pointer, size *C.uint64_t, out *C.dqlitepy_error) (status C.int32_t) {
	defer guard(out, &status)
	n, failure := runningNode(uint64(handle))
	if failure != nil {
		return report(out, failure)
	}
	handOver([]byte(n.node.Address()), block, size)
	return C.DQLITEPY_OK
}

// runningNode finds a node that has started and is not closing.
func runningNode(handle uint64) (*nodeHandle, *fault.Error) {
	n, ok := handles.get(handle).(*nodeHandle)
	if !ok {
		return nil, stale("node")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.job != nil {
		return nil, fault.Errorf(fault.Programming, "the node is still starting or closing: wait for it first")
	}
	return n, nil
}

// wait waits for the job under way. A handle whose node did not start, or has stopped, goes with it.
func (n *nodeHandle) wait(slice time.Duration, out *C.dqlitepy_error) C.int32_t {
	n.mu.Lock()
	job, closing := n.job, n.closing
	n.mu.Unlock()
	if job == nil {
		return C.DQLITEPY_OK
	}
	if !job.wait(slice) {
		n.awaits(n.handle, job)
		return C.DQLITEPY_PENDING
	}
	if closing || job.failure != nil {
		handles.remove(n.handle)
	} else {
		n.mu.Lock()
		if n.job == job {
			n.job = nil
		}
		n.mu.Unlock()
	}
	return report(out, job.failure)
}

func (n *nodeHandle) attach(p *poller) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attachTo(p, n.handle, n.job)
}

// close begins to stop the node, once it has started, when everything that uses it has let go.
func (n *nodeHandle) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closing {
		return
	}
	n.closing = true
	starting := n.job
	n.job = startJob(func(context.Context) *fault.Error {
		if starting != nil {
			<-starting.done
		}
		if n.node == nil {
			return nil
		}
		n.group.Close()
		if err := n.node.Stop(); err != nil {
			return fault.Errorf(fault.Node, "%v", err)
		}
		return nil
	})
}
