// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
)

// transport is what crypto/tls reads from and writes to: while a link is being made, a connection that Go's netpoller waits
// for; afterwards the bare descriptor, of which the thread that calls does the waiting.
type transport struct {
	net.Conn        // nil once the descriptor alone is used
	fd       int    // then
	sealed   []byte // then: what is encrypted and waits to be sent, since crypto/tls never goes on after a write that failed
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
	if cap(t.sealed) > keepSize {
		t.sealed = nil
	}
	t.sealed = t.sealed[:0]
	return secure.Write(message[:min(len(message), sealSize)])
}

// explainTLS says what is wrong with the two sides of a handshake. What cannot go away by itself is final.
func explainTLS(err error, trust *credentials.Credentials) error {
	err = explainHandshake(err)
	if trouble := trust.Trouble(); trouble != nil {
		return fmt.Errorf("%w; %w", err, trouble)
	}
	return err
}

func explainHandshake(err error) error {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &authority):
		return final("its certificate was not signed by the authority (CA) that was given")
	case errors.As(err, &host):
		return final("its certificate is not one for this address: %v", host)
	case errors.As(err, &invalid):
		return final("its certificate cannot be trusted: %v", invalid)
	case errors.As(err, &plain), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, unix.ECONNRESET):
		return errors.New("it broke the TLS handshake off: it probably runs without TLS")
	case isAlert(err):
		return final("it turned us away (%v): give a certificate that its authority (CA) signed, with its key", cause(err))
	}
	return cause(err)
}

// isAlert recognizes what the other side says before it breaks off.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// errFinal is a reason why a server cannot be used that no waiting removes.
type errFinal struct{ error }

func final(format string, arguments ...any) error { return errFinal{fmt.Errorf(format, arguments...)} }

// isTLS recognizes the alert by which a server that wants TLS answers to plain text.
func isTLS(data []byte) bool {
	return len(data) >= 2 && data[0] == 0x15 && data[1] == 3
}
