// SPDX-License-Identifier: Apache-2.0

package main

import "C"

import "dqlitepy.dev/go/node"

// dqlitepyWarned is called by dqlite, on its own threads: the log only keeps what it is given. The library does not show it.
//
//export dqlitepyWarned
func dqlitepyWarned(address, message *C.char) { node.Warn(C.GoString(address), C.GoString(message)) }
