// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

const year = 365 * 24 * time.Hour

func authority(t *testing.T) Pair {
	t.Helper()
	pair, err := MakeAuthority("test", year)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func made(t *testing.T, ca Pair, hosts ...string) PEM {
	t.Helper()
	pair, err := Make(ca, hosts, year)
	if err != nil {
		t.Fatal(err)
	}
	return PEM{pair.Certificate, pair.Key, ca.Certificate}
}

func load(t *testing.T, pem PEM) *Credentials {
	t.Helper()
	c, err := Load(pem)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatCannotWorkIsRefusedBeforeAnyConnection(t *testing.T) {
	ca, other := authority(t), authority(t)
	good, foreign := made(t, ca, "127.0.0.1"), made(t, other, "127.0.0.1")
	for want, pem := range map[string]PEM{
		"the authority (CA) is missing":      {good.Certificate, good.Key, ""},
		"authority (CA) holds no cert":       {good.Certificate, good.Key, "nothing"},
		"the file of the certificate holds":  {"nothing", good.Key, ca.Certificate},
		"the file of the key holds":          {good.Certificate, "nothing", ca.Certificate},
		"passphrase":                         {good.Certificate, strings.ReplaceAll(good.Key, "PRIVATE", "ENCRYPTED PRIVATE"), ca.Certificate},
		"the key does not belong":            {good.Certificate, foreign.Key, ca.Certificate},
		"did not sign the certificate":       {foreign.Certificate, foreign.Key, ca.Certificate},
		"has no SAN":                         {ca.Certificate, ca.Key, ca.Certificate},
		"the file of the key holds no key i": {good.Certificate, "", ca.Certificate},
	} {
		if _, err := Load(pem); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q expected, not %v", want, err)
		}
	}
	if c, err := Load(PEM{}); c != nil || err != nil {
		t.Errorf("without anything: %v, %v", c, err)
	}
}

func TestACertificateIsGoodFromItsFirstDayToItsLast(t *testing.T) {
	pem := made(t, authority(t), "127.0.0.1")
	c := load(t, pem)
	for want, now := range map[string]time.Time{
		"expired on":          time.Now().Add(2 * year),
		"is not valid before": time.Now().Add(-year),
		"<nil>":               time.Now(),
	} {
		if err := c.material.check(now); !strings.Contains(errorText(err), want) {
			t.Errorf("%q expected, not %v", want, err)
		}
	}
}

func TestANodeMustBeNamedByItsCertificate(t *testing.T) {
	ca := authority(t)
	c := load(t, made(t, ca, "db1.example", "10.0.0.1", "::1"))
	for address, want := range map[string]string{
		"db1.example:9000": "<nil>",
		"10.0.0.1:9000":    "<nil>",
		"[::1]:9000":       "<nil>",
		"10.0.0.2:9000":    "not one for 10.0.0.2: its SAN (subject alternative name) has only db1.example, 10.0.0.1, ::1",
	} {
		if err := c.CheckServer(address); !strings.Contains(errorText(err), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := load(t, PEM{Authority: ca.Certificate}).CheckServer("10.0.0.1:9000"); err == nil {
		t.Error("a node without a certificate")
	}
}

// connected is two ends of a connection with buffers: through net.Pipe, two sides that write at the same time wait for each other.
func connected(t *testing.T) (left, right net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if right, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if left, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return left, right
}

// handshake returns what each side ends with: Go's client only learns at its first read that the server turned it away.
func handshake(t *testing.T, server *tls.Config, client *tls.Config) (atServer, atClient error) {
	t.Helper()
	left, right := connected(t)
	defer left.Close()
	defer right.Close()
	ended := make(chan error, 1)
	go func() {
		connection := tls.Server(left, server)
		err := connection.Handshake()
		if err == nil {
			_, err = connection.Write([]byte("x"))
		}
		left.Close()
		ended <- err
	}()
	connection := tls.Client(right, client)
	_, atClient = io.ReadFull(connection, make([]byte, 1))
	right.Close()
	return <-ended, atClient
}

func TestOnlyThoseOfTheSameAuthorityMeet(t *testing.T) {
	ca := authority(t)
	node, peer := load(t, made(t, ca, "127.0.0.1")), load(t, made(t, ca, "127.0.0.2"))
	if atServer, atClient := handshake(t, node.Server(), peer.Client("127.0.0.1:1")); atServer != nil || atClient != nil {
		t.Errorf("%v, %v", atServer, atClient)
	}
	var wrongName x509.HostnameError
	if _, err := handshake(t, node.Server(), peer.Client("127.0.0.3:1")); !errors.As(err, &wrongName) {
		t.Errorf("another host: %v", err)
	}
	anonymous := load(t, PEM{Authority: ca.Certificate})
	if atServer, atClient := handshake(t, node.Server(), anonymous.Client("127.0.0.1:1")); atServer == nil || atClient == nil {
		t.Errorf("a client without a certificate: %v, %v", atServer, atClient)
	}
	stranger := load(t, made(t, authority(t), "127.0.0.2"))
	stranger.material.authority = node.material.authority
	if atServer, atClient := handshake(t, node.Server(), stranger.Client("127.0.0.1:1")); atServer == nil || atClient == nil {
		t.Errorf("a client of another authority: %v, %v", atServer, atClient)
	}
	var unknown x509.UnknownAuthorityError
	server := load(t, made(t, authority(t), "127.0.0.1"))
	if _, err := handshake(t, server.Server(), peer.Client("127.0.0.1:1")); !errors.As(err, &unknown) {
		t.Errorf("a server of another authority: %v", err)
	}
}

func TestACertificateDoesNotOutliveItsAuthority(t *testing.T) {
	ca := authority(t)
	pair, err := Make(ca, []string{"127.0.0.1"}, 10*year)
	if err != nil {
		t.Fatal(err)
	}
	c := load(t, PEM{pair.Certificate, pair.Key, ca.Certificate})
	if c.material.leaf.NotAfter.After(time.Now().Add(year)) {
		t.Error(c.material.leaf.NotAfter)
	}
	for _, wrong := range []Pair{{}, pair} {
		if _, err := Make(wrong, []string{"127.0.0.1"}, year); err == nil || !strings.Contains(err.Error(), "cannot sign") {
			t.Error(err)
		}
	}
	if _, err := Make(ca, nil, year); err == nil {
		t.Error("a certificate for nobody")
	}
	if _, err := Make(ca, []string{"127.0.0.1"}, 0); err == nil {
		t.Error("a certificate for no time")
	}
}

func errorText(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}
