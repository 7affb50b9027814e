// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"strings"

	"dqlitepy.dev/go/limits"
)

// explanations say what to do about what dqlite says when the machine, rather than the data, keeps a node from starting.
var explanations = []struct{ part, advice string }{
	{"io_setup: resource temporarily unavailable", "the kernel has no context for asynchronous I/O left: " +
		"raise their number, as by `sysctl fs.aio-max-nr=1048576`, or stop another process that has many"},
	{"io_setup: ", "dqlite needs the kernel's asynchronous I/O, which this kernel or container does not allow (io_setup)"},
	{"not enough space", "its disk is full: free some space"},
	{"no space left on device", "its disk is full: free some space"},
	{"read-only file system", "its file system is read-only: mount it for writing"},
	{"permission denied", "this user may not read and write all of its files: change their owner or their modes"},
	{"operation not permitted", "this user may not read and write all of its files: change their owner or their modes"},
	{"couldn't lock the raft directory", "its file dqlite-lock cannot be opened or locked: another node has the directory, or this process has " +
		"too many open files: " + limits.MoreFiles},
	{"no file descriptors left", "this process has too many open files: " + limits.MoreFiles},
	{"too many open files", "this process has too many open files: " + limits.MoreFiles},
}

// explained adds what to do to an error of which that is known; the words of dqlite follow.
func explained(err error) error {
	for _, explanation := range explanations {
		if strings.Contains(strings.ToLower(err.Error()), explanation.part) {
			return fmt.Errorf("%s (%s)", explanation.advice, withoutStage(err.Error()))
		}
	}
	return err
}

// withoutStage cuts off which of raft's functions reported an error: elsewhere that tells of damaged files.
func withoutStage(message string) string {
	if stage, rest, found := strings.Cut(message, ": "); found && strings.HasPrefix(stage, "raft_") {
		return strings.TrimPrefix(rest, "io: ")
	}
	return message
}
