// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/tls"
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// transport is what crypto/tls reads from and writes to: while a link is being made, a connection that Go's netpoller waits
// for; afterwards the bare descriptor, of which the thread that calls does the waiting.
type transport struct {
	net.Conn        // nil once the descriptor alone is used
	fd       int    // then
	sealed   []byte // then: what is encrypted and waits to be sent, since crypto/tls never goes on after a write that failed
}

// Secure begins TLS over a connection that is going to be a link's.
func Secure(connection net.Conn, config *tls.Config) *tls.Conn {
	return tls.Client(&transport{Conn: connection}, config)
}

// errAgain is what crypto/tls goes on after: it keeps the part of a record that has come.
var errAgain net.Error = &temporary{}

type temporary struct{}

func (*temporary) Error() string   { return "nothing has come yet" }
func (*temporary) Timeout() bool   { return true }
func (*temporary) Temporary() bool { return true }

func (t *transport) Read(buffer []byte) (int, error) {
	if t.Conn != nil {
		return t.Conn.Read(buffer)
	}
	n, err := unix.Read(t.fd, buffer)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return 0, errAgain
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (t *transport) Write(data []byte) (int, error) {
	if t.Conn != nil {
		return t.Conn.Write(data)
	}
	t.sealed = append(t.sealed, data...)
	return len(data), nil
}

// sealSize is how much is encrypted at a time: a message of gigabytes must not be in memory twice.
const sealSize = 256 << 10

// seal encrypts the next part of a message, once all that was encrypted before is sent. It returns how much it took.
func (t *transport) seal(secure *tls.Conn, message []byte) (int, error) {
	if cap(t.sealed) > KeepSize {
		t.sealed = nil
	}
	t.sealed = t.sealed[:0]
	return secure.Write(message[:min(len(message), sealSize)])
}
