// SPDX-License-Identifier: Apache-2.0

package main

/*
#include <stdlib.h>

#include <dqlite.h>
*/
import "C"

import (
	"unsafe"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/node"
)

// tellLeader is a node.TellLeader.
func tellLeader(own, leader client.NodeInfo) bool {
	address, leaderAddress := C.CString(own.Address), C.CString(leader.Address)
	defer C.free(unsafe.Pointer(address))
	defer C.free(unsafe.Pointer(leaderAddress))
	status := C.dqlite_tell_leader(C.dqlite_node_id(own.ID), address, C.dqlite_node_id(leader.ID), leaderAddress)
	return status != C.DQLITE_BUSY
}

// setLimits is a node.SetLimits.
func setLimits(own client.NodeInfo, limits node.Limits) {
	id, address := C.dqlite_node_id(own.ID), C.CString(own.Address)
	defer C.free(unsafe.Pointer(address))
	if limits.Connections > 0 {
		C.dqlite_limit_clients(id, address, C.uint(limits.Connections))
	}
	if limits.RequestBytes > 0 {
		C.dqlite_limit_request_bytes(id, address, C.ulonglong(limits.RequestBytes))
	}
	if limits.WALBytes > 0 {
		C.dqlite_limit_wal(id, address, C.ulonglong(limits.WALBytes))
	}
	if limits.IdleTransaction > 0 {
		C.dqlite_limit_idle_transactions(id, address, C.ulonglong(limits.IdleTransaction.Milliseconds()))
	}
}

// setSnapshotBytes is a node.SetSnapshotBytes.
func setSnapshotBytes(threshold, trailing uint64) {
	C.dqlite_set_snapshot_bytes(C.ulonglong(threshold), C.ulonglong(trailing))
}
