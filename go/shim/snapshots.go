// SPDX-License-Identifier: Apache-2.0

package main

// #include <dqlite.h>
import "C"

// setSnapshotBytes is a node.SetSnapshotBytes.
func setSnapshotBytes(threshold, trailing uint64) {
	C.dqlite_set_snapshot_bytes(C.ulonglong(threshold), C.ulonglong(trailing))
}
