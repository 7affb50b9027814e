// SPDX-License-Identifier: Apache-2.0

package link

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	// readSize is what the input buffer has at least room for: one of our server's pages and a little more.
	ReadSize = 80 << 10
	// keepSize is how large a buffer may stay when nothing is under way.
	KeepSize = 1 << 20
)

// makeRoom moves the partial frame to the front and lets the buffer grow with what has really come: a header alone may
// promise gigabytes.
func (l *Link) makeRoom(need uint64) error {
	if l.start > 0 {
		l.in = l.in[:copy(l.in, l.in[l.start:])]
		l.start = 0
	}
	if len(l.in) < cap(l.in) {
		return nil
	}
	size := min(max(need, ReadSize), 2*uint64(len(l.in))+ReadSize)
	if size <= KeepSize {
		l.in = append(make([]byte, 0, size), l.in...)
		return nil
	}
	if err := l.enlarge(int(size)); err != nil {
		return fmt.Errorf("no memory for an answer of %d bytes: %w", need, err)
	}
	return nil
}

// enlarge maps memory for a large answer, or lets what is mapped grow. The kernel moves pages and copies none, and gives them
// only when something is read into them, so memory grows only with what has arrived. A slice would exist twice while it grows,
// and its old array would stay until the next collection. If there is no more memory, that is an error, not the process's end.
func (l *Link) enlarge(size int) error {
	if l.mapped {
		larger, err := unix.Mremap(l.in[:cap(l.in)], size, unix.MREMAP_MAYMOVE)
		if err == nil {
			l.in = larger[:len(l.in)]
		}
		return err
	}
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err == nil {
		l.in, l.mapped = memory[:copy(memory, l.in)], true
	}
	return err
}

// release gives the input buffer back: what lay in it must not be looked at any more.
func (l *Link) release() {
	if l.mapped {
		unix.Munmap(l.in[:cap(l.in)])
	}
	l.in, l.start, l.mapped = nil, 0, false
}

// Held is how much of the link's memory only a collection of garbage gives back.
func (l *Link) Held() (garbage int) {
	if !l.mapped {
		garbage = cap(l.in)
	}
	return garbage + cap(l.out)
}

// ReleaseBuffers gives back what an unusually large message took, and tells how much of that only a collection of garbage gives back.
func (l *Link) ReleaseBuffers() (garbage int) {
	if cap(l.in) > KeepSize && l.start == len(l.in) {
		l.release()
	}
	if cap(l.out) > KeepSize {
		garbage += cap(l.out)
		l.out = nil
	}
	return garbage
}
