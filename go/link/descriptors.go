// SPDX-License-Identifier: Apache-2.0

package link

import "golang.org/x/sys/unix"

// DescriptorsLeft tells whether this process can open so many files more. It asks the system alone: the runtime ends the process
// where it has none to wait with.
func DescriptorsLeft(count int) bool {
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
