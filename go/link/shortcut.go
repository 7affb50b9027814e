// SPDX-License-Identifier: Apache-2.0

package link

import "dqlitepy.dev/go/wire"

// Shortcut leads to a server in this process, past the socket: what a request asks is done on the calling thread, which then
// needs to wake nobody and to be woken by nobody. Where both threads are on CPUs that sleep, that is most of a short request.
type Shortcut interface {
	// Call hands over one whole request, while no answer is owed. It returns false where the server has something else to do
	// and the request has to go through the socket. The answer is in response[:n], or comes through the socket where n is 0.
	// A caller that may wait also writes to the disk what the request adds to the log.
	Call(request, response []byte, mayWait bool) (n int, taken bool)
	// Close is called once, before the socket is closed.
	Close()
}

// FindShortcut looks for a shortcut to the server at the other end of a socket. Where there is none, final tells that there
// never will be.
type FindShortcut func(socket int) (found Shortcut, final bool)

// call takes the shortcut with what is queued, and tells whether that was taken. Nothing of it has been sent, and the server
// owes no answer.
func (l *Link) call(mayWait bool) bool {
	if l.shortcut == nil && l.findShortcut != nil {
		var final bool
		if l.shortcut, final = l.findShortcut(l.fd); final {
			l.findShortcut = nil
		}
	}
	if l.shortcut == nil || len(l.in) > l.start {
		return false
	}
	header, err := wire.DecodeHeader(l.out)
	if err != nil || wire.HeaderSize+header.BodySize() != uint64(len(l.out)) {
		return false // several requests
	}
	if l.makeRoom(wire.HeaderSize) != nil {
		return false
	}
	n, taken := l.shortcut.Call(l.out, l.in[:cap(l.in)], mayWait)
	if taken {
		l.out, l.in, l.silent = l.out[:0], l.in[:n], false
	}
	return taken
}
