// SPDX-License-Identifier: Apache-2.0

package credentials

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// backdate lets a machine whose clock is a little behind use a certificate at once.
const backdate = time.Hour

// Pair is a certificate and its key, both in PEM form.
type Pair struct {
	Certificate, Key string
}

// MakeAuthority makes a CA that signs the certificates of one cluster.
func MakeAuthority(name string, valid time.Duration) (Pair, error) {
	template, err := newTemplate(name, valid)
	if err != nil {
		return Pair{}, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	return sign(template, template, key, key)
}

// Make makes a certificate for the node, or client, that is reached under any of the hosts: DNS names and IP addresses.
func Make(authority Pair, hosts []string, valid time.Duration) (Pair, error) {
	if len(hosts) == 0 {
		return Pair{}, errors.New("a certificate needs at least one host: a DNS name or an IP address")
	}
	issuer, err := tls.X509KeyPair([]byte(authority.Certificate), []byte(authority.Key))
	if err != nil {
		return Pair{}, fmt.Errorf("the authority (CA) cannot sign: %v", err)
	}
	now := time.Now()
	if !issuer.Leaf.IsCA || now.After(issuer.Leaf.NotAfter) {
		return Pair{}, fmt.Errorf("the authority (CA) cannot sign: it is not a CA certificate, or it expired (%s)", day(issuer.Leaf.NotAfter))
	}
	template, err := newTemplate(hosts[0], valid)
	if err != nil {
		return Pair{}, err
	}
	if template.NotAfter.After(issuer.Leaf.NotAfter) {
		template.NotAfter = issuer.Leaf.NotAfter
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	return sign(template, issuer.Leaf, key, issuer.PrivateKey)
}

func newTemplate(name string, valid time.Duration) (*x509.Certificate, error) {
	if valid <= 0 {
		return nil, errors.New("a certificate must be valid for some time")
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(valid),
	}, nil
}

func sign(template, issuer *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.PrivateKey) (Pair, error) {
	certificate, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		return Pair{}, fmt.Errorf("the certificate for %s cannot be made: %v", template.Subject.CommonName, err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
		Key:         string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
	}, nil
}
