// SPDX-License-Identifier: Apache-2.0

// Package credentials reads, checks and makes the certificates by which nodes and clients know each other.
package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// PEM is what the files hold. Without an authority there is no TLS.
type PEM struct {
	Certificate string // with any intermediates behind it; "" = none, for clients of servers that ask for none
	Key         string // of the certificate
	Authority   string // what the other side's certificate is checked against
}

// Credentials are good for connections until they expire, or those that the files hold by then.
type Credentials struct {
	mu       sync.Mutex
	material *material
	serves   string   // the address of the node whose they are; "" of a client
	files    Files    // none where they were not read from files
	stamps   [3]stamp // of the files when they were read last, in vain or not
	trouble  error    // why that was in vain
	tell     func(error)
}

// material is what the files held at one time.
type material struct {
	certificates []tls.Certificate
	leaf         *x509.Certificate // nil without a certificate
	authority    *x509.CertPool
}

// Load checks everything that can be wrong before a first connection. It returns nil where pem has no authority.
func Load(pem PEM) (*Credentials, error) {
	m, err := parse(pem)
	if err == nil && m != nil {
		err = m.check(time.Now())
	}
	if err != nil || m == nil {
		return nil, err
	}
	return &Credentials{material: m}, nil
}

func parse(pem PEM) (*material, error) {
	if pem.Authority == "" {
		if pem.Certificate != "" || pem.Key != "" {
			return nil, errors.New("the authority (CA) is missing: name the file with the certificate of the one that signed the certificate")
		}
		return nil, nil
	}
	m := &material{authority: x509.NewCertPool()}
	if !m.authority.AppendCertsFromPEM([]byte(pem.Authority)) {
		return nil, errors.New("the file of the authority (CA) holds no certificate in PEM form")
	}
	if pem.Certificate == "" && pem.Key == "" {
		return m, nil
	}
	if err := checkForm(pem); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(pem.Certificate), []byte(pem.Key))
	switch {
	case err != nil && strings.Contains(err.Error(), "does not match"):
		return nil, errors.New("the key does not belong to the certificate: give the key that it was made with")
	case err != nil:
		return nil, fmt.Errorf("the certificate or its key cannot be used: %v", err)
	}
	m.certificates, m.leaf = []tls.Certificate{pair}, pair.Leaf
	return m, nil
}

func checkForm(given PEM) error {
	certificate, _ := pem.Decode([]byte(given.Certificate))
	if certificate == nil || certificate.Type != "CERTIFICATE" {
		return errors.New("the file of the certificate holds no certificate in PEM form")
	}
	key, _ := pem.Decode([]byte(given.Key))
	switch {
	case key == nil:
		return errors.New("the file of the key holds no key in PEM form")
	case key.Type == "ENCRYPTED PRIVATE KEY" || key.Headers["DEK-Info"] != "":
		return errors.New("the key is protected by a passphrase: store it without one, readable for its owner only")
	}
	return nil
}

func (m *material) check(now time.Time) error {
	if m.leaf == nil {
		return nil
	}
	leaf := m.leaf
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate expired on %s: make a new one", day(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s: wait, or set this machine's clock", day(leaf.NotBefore))
	case len(leaf.DNSNames)+len(leaf.IPAddresses) == 0:
		return errors.New("the certificate has no SAN (subject alternative name): make one that names the host's DNS name or IP address")
	}
	intermediates := x509.NewCertPool()
	for _, raw := range m.certificates[0].Certificate[1:] {
		if certificate, err := x509.ParseCertificate(raw); err == nil {
			intermediates.AddCert(certificate)
		}
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageAny, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{
			Roots: m.authority, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		}
		if _, err := leaf.Verify(options); err != nil {
			return explain(err, "client")
		}
	}
	return nil
}

func explain(err error, use string) error {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return errors.New("the authority (CA) did not sign the certificate: give the certificate of the one that did")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the certificate of the authority (CA), or one in between, is not valid now: %v", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fmt.Errorf("the certificate may not be used as a %s's (extended key usage)", use)
	default:
		return fmt.Errorf("the certificate cannot be used: %v", err)
	}
}

// CheckServer tells whether the certificate can be that of the node that others reach at address. It will be asked of later
// ones too.
func (c *Credentials) CheckServer(address string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serves = address
	return c.material.checkServer(address)
}

func (m *material) checkServer(address string) error {
	if m.leaf == nil {
		return errors.New("a node needs a certificate and its key, not only an authority")
	}
	options := x509.VerifyOptions{Roots: m.authority, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	var invalid x509.CertificateInvalidError
	if _, err := m.leaf.Verify(options); errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage {
		return explain(err, "server")
	}
	host := hostOf(address)
	if err := m.leaf.VerifyHostname(host); err != nil {
		return fmt.Errorf("the certificate is not one for %s: its SAN (subject alternative name) has only %s", host, m.names())
	}
	return nil
}

func (m *material) names() string {
	names := append([]string(nil), m.leaf.DNSNames...)
	for _, ip := range m.leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, ", ")
}

// Client is the configuration for dialling the server at address, whose certificate must name the host in it.
func (c *Credentials) Client(address string) *tls.Config {
	m := c.current()
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		RootCAs:      m.authority,
		Certificates: m.certificates,
		ServerName:   hostOf(address),
	}
}

// Server is the configuration for listening: a client without a certificate of the authority is refused, by what the files hold at
// the time of each handshake.
func (c *Credentials) Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m := c.current()
			return &tls.Config{
				MinVersion:             tls.VersionTLS13,
				ClientCAs:              m.authority,
				ClientAuth:             tls.RequireAndVerifyClientCert,
				Certificates:           m.certificates,
				SessionTicketsDisabled: true, // a session ticket must not let in a client whose authority is no longer trusted
			}, nil
		},
	}
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	host, _, _ = strings.Cut(host, "%") // an IPv6 zone is this machine's own business
	return host
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
