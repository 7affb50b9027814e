// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeOrphan closes the socket that a node which did not start left behind, listening on an address. dqlite has no way to
// free such a node: peers would go on to connect to it and wait for an answer, and no second attempt could have the address.
func closeOrphan(bound string) {
	wanted, err := netip.ParseAddrPort(bound)
	if err != nil {
		return
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		if err == nil && listening == 1 && nameOf(fd) == netip.AddrPortFrom(wanted.Addr().WithZone(""), wanted.Port()) {
			unix.Close(fd)
		}
	}
}

func nameOf(fd int) netip.AddrPort {
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	}
	return netip.AddrPort{}
}
