// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"
)

func inWords(numbers ...uint64) (body []byte) {
	for _, number := range numbers {
		body = binary.LittleEndian.AppendUint64(body, number)
	}
	return body
}

func TestMembershipRequestsAreEncodedAsDqliteReadsThem(t *testing.T) {
	for name, c := range map[string]struct {
		got  []byte
		kind byte
		body []byte
	}{
		"cluster":  {AppendCluster(nil), 16, inWords(1)},
		"add":      {AppendAdd(nil, 7, "10.0.0.1:9000"), 12, append(inWords(7), "10.0.0.1:9000\x00\x00\x00"...)},
		"assign":   {AppendAssign(nil, 7, RoleSpare), 13, inWords(7, 2)},
		"remove":   {AppendRemove(nil, 7), 14, inWords(7)},
		"transfer": {AppendTransfer(nil, 7), 17, inWords(7)},
		"describe": {AppendDescribe(nil), 18, inWords(0)},
		"weight":   {AppendWeight(nil, 7), 19, inWords(7)},
	} {
		want := append([]byte{byte(len(c.body) / 8), 0, 0, 0, c.kind, 0, 0, 0}, c.body...)
		if !bytes.Equal(c.got, want) {
			t.Errorf("%s: % x, want % x", name, c.got, want)
		}
	}
}

func TestMembersAreDecoded(t *testing.T) {
	body := append(inWords(2, 7), "a:1\x00\x00\x00\x00\x00"...)
	body = append(body, inWords(RoleVoter, math.MaxUint64)...)
	body = append(append(body, "b:1\x00\x00\x00\x00\x00"...), inWords(RoleSpare)...)
	got, err := DecodeServers(Frame{Header{Type: ResponseServers}, body})
	want := []Member{{Server{7, "a:1"}, RoleVoter}, {Server{math.MaxUint64, "b:1"}, RoleSpare}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	for end := range body {
		if _, err := DecodeServers(Frame{Header{Type: ResponseServers}, body[:end]}); err == nil {
			t.Errorf("%d bytes of %d are taken for the whole", end, len(body))
		}
	}
	for name, hostile := range map[string][]byte{
		"a billion members":   inWords(1e9, 0),
		"a role that is none": append(append(inWords(1, 7), "a:1\x00\x00\x00\x00\x00"...), inWords(3)...),
		"more than its end":   append(body, 0, 0, 0, 0, 0, 0, 0, 0),
	} {
		if members, err := DecodeServers(Frame{Header{Type: ResponseServers}, hostile}); err == nil {
			t.Errorf("%s: %+v", name, members)
		}
	}
	if _, err := DecodeServers(Frame{Header{Type: ResponseEmpty}, body}); err == nil {
		t.Error("another type")
	}
}

func TestMetadataIsDecoded(t *testing.T) {
	got, err := DecodeMetadata(Frame{Header{Type: ResponseMetadata}, inWords(3, 4)})
	if err != nil || got != (Metadata{FailureDomain: 3, Weight: 4}) {
		t.Errorf("%+v %v", got, err)
	}
	for _, body := range [][]byte{nil, inWords(3), inWords(3, 4, 5)} {
		if _, err := DecodeMetadata(Frame{Header{Type: ResponseMetadata}, body}); err == nil {
			t.Errorf("% x", body)
		}
	}
}

func TestAPositionIsDecoded(t *testing.T) {
	header := Header{Type: ResponseMetadata, Schema: 1}
	got, err := DecodeMetadata(Frame{header, inWords(3, 4, 5, 6, 7)})
	if want := (Metadata{3, 4, &Position{5, 6, 7}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	for _, body := range [][]byte{nil, inWords(3, 4), inWords(3, 4, 5, 6), inWords(3, 4, 5, 6, 7, 8)} {
		if _, err := DecodeMetadata(Frame{header, body}); err == nil {
			t.Errorf("% x", body)
		}
	}
	want := append([]byte{1, 0, 0, 0, 18, 1, 0, 0}, inWords(0)...)
	if asked := AppendDescribeWithPosition(nil); !bytes.Equal(asked, want) {
		t.Errorf("% x", asked)
	}
}

func FuzzMembership(f *testing.F) {
	f.Add(inWords(1, 2), uint8(1))
	f.Add(inWords(3, 4), uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, schema uint8) {
		members, err := DecodeServers(Frame{Header{Type: ResponseServers, Schema: schema}, body})
		if err == nil && len(members) > len(body)/leastMember {
			t.Errorf("%d members out of %d bytes", len(members), len(body))
		}
		if _, err := DecodeMetadata(Frame{Header{Type: ResponseMetadata, Schema: schema}, body}); err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("%T: %v", err, err)
		}
		if err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
