// SPDX-License-Identifier: Apache-2.0

package link

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dqlitepy.dev/go/wire"
)

// deliver lets the link receive what is sent, as far as it goes.
func deliver(t *testing.T, l *Link, peer int, data []byte) (frame wire.Frame, err error) {
	t.Helper()
	for {
		n, failure := unix.Write(peer, data)
		if failure != nil && failure != unix.EAGAIN {
			t.Fatal(failure)
		}
		data = data[max(n, 0):]
		frame, err = l.Receive(time.Now().Add(time.Millisecond))
		if err != ErrSliceEnded || len(data) == 0 {
			return frame, err
		}
	}
}

// A large answer is there once, and as much of it as has come in.
func TestALargeAnswerTakesMemoryAsItComesIn(t *testing.T) {
	peer, w, fds := pair(t)
	l := &Link{fd: int(fds[1].Fd), Waker: w}
	body := bytes.Repeat([]byte("12345678"), 3<<20)
	message := append([]byte{0, 0, 48, 0, wire.ResponseRows, 0, 0, 0}, body...)
	if _, err := deliver(t, l, peer, message[:2<<20]); err != ErrSliceEnded {
		t.Fatal(err)
	}
	if !l.mapped || cap(l.in) > 4<<20+ReadSize {
		t.Errorf("%d bytes for 2 MiB that have come", cap(l.in))
	}
	frame, err := deliver(t, l, peer, message[2<<20:])
	if err != nil || !bytes.Equal(frame.Body, body) {
		t.Fatal(err, len(frame.Body))
	}
	if cap(l.in) != len(message) {
		t.Errorf("%d bytes for a message of %d", cap(l.in), len(message))
	}
	if garbage := l.ReleaseBuffers(); garbage != 0 || l.in != nil || l.mapped {
		t.Errorf("%d, %d bytes, %v", garbage, cap(l.in), l.mapped)
	}
	if frame, err := deliver(t, l, peer, message[:8+8*9]); err != ErrSliceEnded || len(l.in) != 80 {
		t.Error(frame, err, len(l.in))
	}
}

// Memory that is not to be had is an error; Go would end the process.
func TestAnAnswerThatMemoryHasNoRoomFor(t *testing.T) {
	l := &Link{}
	for _, mapped := range []bool{false, true} {
		if mapped {
			if err := l.enlarge(2 * KeepSize); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.enlarge(1 << 46); !errors.Is(err, unix.ENOMEM) {
			t.Error(mapped, err)
		}
	}
	l.release()
}

// What is promised is held against what such an answer can be, before there is any of it.
func TestAnAnswerThatIsTooLargeIsRefused(t *testing.T) {
	for kind, test := range map[uint8]struct {
		words    uint32
		promised string
	}{
		wire.ResponseRows:    {1<<28 + 1, "it promises an answer of 2147483656 bytes (type 7), where at most 2147483648 are possible"},
		wire.ResponseFailure: {1<<32 - 1, "it promises an answer of 34359738360 bytes (type 0)"},
		wire.ResponseFiles:   {1<<32 - 1, "it promises an answer of 34359738360 bytes (type 9)"},
		wire.ResponseResult:  {1<<17 + 1, "it promises an answer of 1048584 bytes (type 6), where at most 1048576 are possible"},
		99:                   {1<<32 - 1, "it promises an answer of 34359738360 bytes (type 99)"},
	} {
		peer, w, fds := pair(t)
		l := &Link{fd: int(fds[1].Fd), Waker: w}
		header := []byte{byte(test.words), byte(test.words >> 8), byte(test.words >> 16), byte(test.words >> 24), kind, 0, 0, 0}
		_, err := deliver(t, l, peer, header)
		if !errors.As(err, new(*wire.Error)) || !strings.Contains(err.Error(), test.promised) {
			t.Errorf("type %d: %v", kind, err)
		}
		header[0]--
		if test.words == 1<<32-1 {
			continue
		}
		if _, err := deliver(t, &Link{fd: int(fds[1].Fd), Waker: w}, peer, header); err != ErrSliceEnded {
			t.Errorf("type %d: %v", kind, err)
		}
	}
}
