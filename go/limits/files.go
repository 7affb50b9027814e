// SPDX-License-Identifier: Apache-2.0

// Package limits looks at what the system lets this process have.
package limits

import "golang.org/x/sys/unix"

// MoreFiles says what to do where a process has too many open files.
const MoreFiles = "raise the limit, as by `ulimit -n 4096`"

// FilesLeft tells whether this process can open so many files more. It asks the system alone: the runtime ends the process
// where it has none to wait with.
func FilesLeft(count int) bool {
	var taken []int
	defer func() {
		for _, descriptor := range taken {
			unix.Close(descriptor)
		}
	}()
	for range count {
		descriptor, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == unix.EMFILE || err == unix.ENFILE {
			return false
		}
		if err == nil {
			taken = append(taken, descriptor)
		}
	}
	return true
}
