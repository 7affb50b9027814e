// SPDX-License-Identifier: Apache-2.0

package leader

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/wire"
)

// causeOfDial tells an address that can never work from a server that does not answer yet.
func causeOfDial(err error) error {
	var address *net.AddrError
	if errors.As(err, &address) {
		return errFinal{fmt.Errorf("%s (an address is host:port)", address.Err)}
	}
	return cause(err)
}

// cause is what went wrong with a connection, without the address that the message around it names anyway.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		var code *syscall.Errno
		if errors.As(op.Err, &code) {
			return *code
		}
		return op.Err
	}
	return err
}

// ErrNotLeader is why a server does not open a database.
var ErrNotLeader = errors.New("it is not the leader")

// errNoLeader is what a server says during an election, or while it sees no majority.
var errNoLeader = errors.New("it knows no leader")

func refused(frame wire.Frame) error {
	failure, err := wire.DecodeFailure(frame)
	switch {
	case err != nil:
		return err
	case failure.Code == wire.CodeNotLeader:
		return ErrNotLeader
	}
	return fmt.Errorf("%s (code %d)", failure.Message, failure.Code)
}

// isShort tells whether a process has run out of descriptors: this one by its errno, or the server's by its message.
func isShort(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || err != nil && strings.Contains(err.Error(), "no file descriptors left")
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
		return errors.New("it broke off the TLS handshake: it probably runs without TLS")
	case isAlert(err):
		return final("it refused us (%v): give a certificate that its authority (CA) signed, with its key", cause(err))
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
