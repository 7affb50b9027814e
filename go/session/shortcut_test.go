// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net"
	"testing"

	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/wire"
)

// path is a shortcut that does with each request what a test says.
type path struct {
	call   func(request, response []byte, mayWait bool) (int, bool)
	closed int
}

func (p *path) Call(request, response []byte, mayWait bool) (int, bool) {
	return p.call(request, response, mayWait)
}

func (p *path) Close() { p.closed++ }

// inserted is the answer to an INSERT.
func inserted(id byte) []byte {
	body := make([]byte, 16)
	body[0], body[8] = id, 1
	return message(wire.ResponseResult, body)
}

func along(p *path) connectOption {
	return func(options *leader.Options) {
		options.FindShortcut = func(int) (link.Shortcut, bool) { return p, true }
	}
}

func TestAnAnswerOfTheShortcutNeedsNoSocket(t *testing.T) {
	s := serve(t, func(net.Conn, string) { t.Error("a request came through the socket") })
	calls := 0
	p := &path{call: func(_, response []byte, _ bool) (int, bool) {
		calls++
		return copy(response, inserted(7)), true
	}}
	c := connect(t, s.address, "main", along(p))
	if got := c.run("INSERT INTO t VALUES (1)"); got.LastInsertID != 7 || calls != 1 {
		t.Errorf("%+v after %d calls", got, calls)
	}
}

func TestAShortcutMayLeaveTheAnswerToTheSocket(t *testing.T) {
	sockets := make(chan net.Conn, 1)
	s := serve(t, func(connection net.Conn, _ string) {
		sockets <- connection
		connection.Write(inserted(1))
	})
	taken := false
	p := &path{call: func([]byte, []byte, bool) (int, bool) {
		if taken {
			(<-sockets).Write(inserted(2))
		}
		return 0, taken
	}}
	c := connect(t, s.address, "main", along(p))
	for want := range int64(2) { // refused, so sent; then taken, but not answered at once
		if got := c.run("INSERT INTO t VALUES (1)"); got.LastInsertID != want+1 {
			t.Errorf("%+v, want %d", got, want+1)
		}
		taken = true
	}
}

func TestAShortcutIsClosedOnce(t *testing.T) {
	s := serve(t, func(connection net.Conn, _ string) { connection.Write(inserted(1)) })
	p := &path{call: func([]byte, []byte, bool) (int, bool) { return 0, false }}
	t.Run("use", func(t *testing.T) { connect(t, s.address, "main", along(p)).run("INSERT INTO t VALUES (1)") })
	if p.closed != 1 {
		t.Errorf("closed %d times", p.closed)
	}
}
