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
func setLimits(own client.NodeInfo, connections uint32, requestBytes, walBytes uint64) {
	address := C.CString(own.Address)
	defer C.free(unsafe.Pointer(address))
	if connections > 0 {
		C.dqlite_limit_clients(C.dqlite_node_id(own.ID), address, C.uint(connections))
	}
	if requestBytes > 0 {
		C.dqlite_limit_request_bytes(C.dqlite_node_id(own.ID), address, C.ulonglong(requestBytes))
	}
	if walBytes > 0 {
		C.dqlite_limit_wal(C.dqlite_node_id(own.ID), address, C.ulonglong(walBytes))
	}
}
