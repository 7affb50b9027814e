// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"dqlitepy.dev/go/credentials"
	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/wire"
)

// authority signs certificates for one test.
type authority struct {
	*testing.T
	pair credentials.Pair
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	pair, err := credentials.MakeAuthority("test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return authority{t, pair}
}

func (a authority) trust(certificate credentials.Pair) *credentials.Credentials {
	a.Helper()
	trust, err := credentials.Load(credentials.PEM{
		Certificate: certificate.Certificate, Key: certificate.Key, Authority: a.pair.Certificate,
	})
	if err != nil {
		a.Fatal(err)
	}
	return trust
}

func (a authority) issue(host string) *credentials.Credentials {
	a.Helper()
	certificate, err := credentials.Make(a.pair, []string{host}, time.Hour)
	if err != nil {
		a.Fatal(err)
	}
	return a.trust(certificate)
}

// serveTCP is serve on a port, with TLS where there is a configuration.
func serveTCP(t *testing.T, config *tls.Config, answer func(net.Conn, string)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	return serveOn(t, address, listener, answer)
}

func over(trust *credentials.Credentials, server *server) connectOption {
	return func(options *leader.Options) {
		options.Servers, options.Local, options.Credentials = []string{server.address}, false, trust
	}
}

func TestStatementsOverTLS(t *testing.T) {
	ca := newAuthority(t)
	numbers := make([]uint64, 50_000)
	for i := range numbers {
		numbers[i] = uint64(i)
	}
	large := make([]byte, 3<<20)
	fake := serveTCP(t, ca.issue("127.0.0.1").Server(), func(connection net.Conn, text string) {
		switch {
		case strings.HasPrefix(text, "INSERT"):
			connection.Write(resultMessage())
		case strings.HasPrefix(text, "DRIP"):
			for _, piece := range rowsMessage(false, 7) {
				connection.Write([]byte{piece})
			}
		default:
			connection.Write(append(rowsMessage(true, numbers...), rowsMessage(false, numbers...)...))
		}
	})
	for _, slice := range []time.Duration{0, time.Second} {
		c := connect(t, "", "main", over(ca.issue("client"), fake))
		c.slice = slice
		c.run("INSERT INTO t VALUES (?)", wire.BlobValue(large))
		if got := c.rows("DRIP"); got != "7" {
			t.Errorf("byte by byte: %q", got)
		}
		if got := strings.Count(c.rows("SELECT x"), "\n"); got != 2*len(numbers)-1 {
			t.Errorf("%d rows", got+1)
		}
		c.run("INSERT INTO t VALUES (1)")
	}
}

func TestAConnectionOverTLSHealsAndCanBeCancelled(t *testing.T) {
	ca := newAuthority(t)
	fake := serveTCP(t, ca.issue("127.0.0.1").Server(), once("SELECT", 1, hangUp))
	c := connect(t, "", "main", over(ca.issue("client"), fake))
	c.run("SELECT 1")
	fake.become(func(net.Conn, string) {}) // never
	if failure := c.begin("INSERT INTO t VALUES (1)", session.Request{}); failure != nil {
		t.Fatal(failure)
	}
	if _, done, _ := c.s.Continue(10 * time.Millisecond); done {
		t.Fatal("it has ended")
	}
	c.s.Cancel()
	_, failure := c.finish()
	wantKind(t, failure, fault.AmbiguousCommit, 9)
	fake.become(succeed)
	c.run("SELECT 1")
}

func TestWhoIsTurnedAwayLearnsWhy(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	server := ca.issue("127.0.0.1").Server()
	for name, test := range map[string]struct {
		server *tls.Config
		client *credentials.Credentials
		reason string
	}{
		"a server without TLS":         {nil, ca.issue("client"), "it probably runs without TLS"},
		"a client without TLS":         {server, nil, "it may require TLS"},
		"a server of another CA":       {server, other.issue("client"), "was not signed by the authority (CA)"},
		"a server with another name":   {ca.issue("10.1.2.3").Server(), ca.issue("client"), "is not one for this address"},
		"a client with no certificate": {server, ca.trust(credentials.Pair{}), "certificate required"},
	} {
		answer := func(connection net.Conn, text string) { t.Errorf("%s: %q was run", name, text) }
		fake := serveTCP(t, test.server, answer)
		options := leader.Options{Database: "main", Group: link.NewGroup(0)}
		over(test.client, fake)(&options)
		wantNoLeader(t, options, test.reason)
	}
}
