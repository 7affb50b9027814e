// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

var ofConnections = Header{Type: ResponseMetadata, Schema: describeConnections}

func TestConnectionsAreAskedFor(t *testing.T) {
	want := append([]byte{1, 0, 0, 0, 18, 2, 0, 0}, inWords(7)...)
	if asked := AppendDescribeConnections(nil, 7); !bytes.Equal(asked, want) {
		t.Errorf("% x", asked)
	}
}

func twoConnections() []byte {
	body := append(inWords(2, 1, 3, ConnectionTransaction|ConnectionLock, 40, 30, 20), "a:1\x00\x00\x00\x00\x00main\x00\x00\x00\x00"...)
	return append(append(body, inWords(5, ConnectionLocal, 2, 1, 0)...), make([]byte, 16)...)
}

func TestConnectionsAreDecoded(t *testing.T) {
	body := twoConnections()
	got, more, err := DecodeConnections(Frame{ofConnections, body})
	want := []Connection{{3, 12, 40, 30, 20, "a:1", "main"}, {5, 1, 2, 1, 0, "", ""}}
	if err != nil || !more || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v %v", got, more, err)
	}
	for end := range body {
		if _, _, err := DecodeConnections(Frame{ofConnections, body[:end]}); err == nil {
			t.Errorf("%d bytes of %d are taken for the whole", end, len(body))
		}
	}
	again := append(inWords(2, 0), body[16:16+56]...)
	for name, hostile := range map[string]Frame{
		"a billion connections": {ofConnections, inWords(1e9, 0)},
		"more than none":        {ofConnections, inWords(0, 1)},
		"one twice":             {ofConnections, append(again, body[16:16+56]...)},
		"more than its end":     {ofConnections, append(body, 0, 0, 0, 0, 0, 0, 0, 0)},
		"another schema":        {Header{Type: ResponseMetadata, Schema: 1}, body},
		"another type":          {Header{Type: ResponseEmpty, Schema: describeConnections}, body},
	} {
		if found, _, err := DecodeConnections(hostile); err == nil {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func FuzzConnections(f *testing.F) {
	f.Add(twoConnections())
	f.Add(inWords(0, 0))
	f.Fuzz(func(t *testing.T, body []byte) {
		found, _, err := DecodeConnections(Frame{ofConnections, body})
		if err == nil && len(found) > len(body)/leastConnection {
			t.Errorf("%d connections out of %d bytes", len(found), len(body))
		}
		if err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
