// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dqlitepy.dev/go/fault"
	"dqlitepy.dev/go/leader"
	"dqlitepy.dev/go/link"
	"dqlitepy.dev/go/marshal"
	"dqlitepy.dev/go/node"
	"dqlitepy.dev/go/session"
	"dqlitepy.dev/go/sql"
	"dqlitepy.dev/go/wire"
)

// hangGuard ends a test that would wait for ever; nothing depends on how long anything takes.
const hangGuard = time.Minute

var testNode *node.Node

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "dqlitepy")
	if err == nil {
		testNode, err = node.Start(node.Options{Directory: directory})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := testNode.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.RemoveAll(directory)
	os.Exit(status)
}

var databases atomic.Int64

// freshDatabase names one that no other test uses.
func freshDatabase() string { return fmt.Sprint("test", databases.Add(1)) }

// client is a session with the calls that tests make.
type client struct {
	*testing.T
	s     *session.Session
	group *link.Group
	slice time.Duration
}

type connectOption func(*leader.Options)

func connect(t *testing.T, server, database string, options ...connectOption) *client {
	t.Helper()
	group := link.NewGroup(0)
	settings := leader.Options{
		Servers: []string{server}, Database: database, Local: true, Group: group,
		BusyTimeout: hangGuard, LeaderTimeout: hangGuard,
	}
	for _, option := range options {
		option(&settings)
	}
	var s *session.Session
	for end := time.Now().Add(hangGuard); ; {
		var failure *fault.Error
		if s, failure = session.Connect(context.Background(), settings); failure == nil {
			break
		}
		if failure.Kind != fault.NoLeader || time.Now().After(end) { // a short LeaderTimeout is meant for what comes later
			t.Fatal(failure)
		}
	}
	c := &client{t, s, group, time.Second}
	t.Cleanup(func() {
		s.Enter()
		s.Close()
		if s.Busy() {
			c.finish()
		}
		s.Destroy()
		s.Leave()
		group.Close() // no link may outlive the node
	})
	return c
}

// open connects to the node that all tests share.
func open(t *testing.T) *client {
	t.Helper()
	return connect(t, testNode.Address(), freshDatabase())
}

func impatient(options *leader.Options) { options.BusyTimeout = 0 }

func (c *client) finish() (session.Result, *fault.Error) {
	c.Helper()
	for end := time.Now().Add(hangGuard); time.Now().Before(end); {
		if result, done, failure := c.s.Continue(c.slice); done {
			return result, failure
		}
	}
	c.Fatal("the operation does not end")
	return session.Result{}, nil
}

func statement(c *client, text string) *sql.Statement {
	c.Helper()
	parsed, err := sql.Parse(text)
	if err != nil {
		c.Fatal(err)
	}
	return parsed
}

func (c *client) begin(text string, request session.Request) *fault.Error {
	c.Helper()
	request.Statement = statement(c, text)
	return c.s.Execute(request)
}

// try runs a statement with parameters.
func (c *client) try(text string, parameters ...wire.Value) (session.Result, *fault.Error) {
	c.Helper()
	if failure := c.begin(text, session.Request{Parameters: parameters}); failure != nil {
		return session.Result{}, failure
	}
	return c.finish()
}

// tryImplicit runs a statement as sqlite3 does with isolation_level "".
func (c *client) tryImplicit(text string, parameters ...wire.Value) (session.Result, *fault.Error) {
	c.Helper()
	if failure := c.begin(text, session.Request{Parameters: parameters, Begin: "BEGIN IMMEDIATE"}); failure != nil {
		return session.Result{}, failure
	}
	return c.finish()
}

func (c *client) run(text string, parameters ...wire.Value) session.Result {
	c.Helper()
	result, failure := c.try(text, parameters...)
	if failure != nil {
		c.Fatalf("%s: %v", text, failure)
	}
	return result
}

// rows runs a query and returns its rows, one line each.
func (c *client) rows(text string, parameters ...wire.Value) string {
	c.Helper()
	result := c.run(text, parameters...)
	rows := unpickle(c.T, result.Data).([]any)[1].([]any)
	for result.Flags&session.ResultMore != 0 {
		result = c.fetch()
		rows = append(rows, unpickle(c.T, result.Data).([]any)...)
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = strings.Trim(fmt.Sprint(row), "[]")
	}
	return strings.Join(lines, "\n")
}

func (c *client) fetch() session.Result {
	c.Helper()
	if failure := c.s.Fetch(nil); failure != nil {
		c.Fatal(failure)
	}
	result, failure := c.finish()
	if failure != nil {
		c.Fatal(failure)
	}
	return result
}

func (c *client) many(text string, rows ...[]int64) (session.Result, *fault.Error) {
	c.Helper()
	failure := c.s.ExecuteMany(manyRequest(c, text, "BEGIN IMMEDIATE", rows))
	if failure != nil {
		return session.Result{}, failure
	}
	return c.finish()
}

func manyRequest(c *client, text, begin string, rows [][]int64) session.ManyRequest {
	c.Helper()
	list, err := marshal.NewRows(marshalled(rows))
	if err != nil {
		c.Fatal(err)
	}
	return session.ManyRequest{Statement: statement(c, text), Rows: list, Begin: begin}
}

// marshalled is marshal.dumps of the rows, where 0 stands for None.
func marshalled(rows [][]int64) []byte {
	data := binary.LittleEndian.AppendUint32([]byte{'['}, uint32(len(rows)))
	for _, row := range rows {
		data = binary.LittleEndian.AppendUint32(append(data, '('), uint32(len(row)))
		for _, number := range row {
			if number == 0 {
				data = append(data, 'N')
				continue
			}
			data = binary.LittleEndian.AppendUint32(append(data, 'i'), uint32(number))
		}
	}
	return data
}

func (c *client) wantTransaction(open bool) {
	c.Helper()
	if c.s.InTransaction() != open {
		c.Errorf("in a transaction: %v, want %v", !open, open)
	}
}

// wantKind checks what an operation failed with.
func wantKind(t *testing.T, failure *fault.Error, kind fault.Kind, code int32) {
	t.Helper()
	if failure == nil || failure.Kind != kind || failure.Code != code {
		t.Errorf("failed with %+v, want kind %d and code %d", failure, kind, code)
	}
}

// wantNoLeader checks what is said of servers among which no leader is found. A busy machine may not have come to all of it
// after the first of these times.
func wantNoLeader(t *testing.T, options leader.Options, parts ...string) {
	t.Helper()
	var missing []string
	for _, timeout := range []time.Duration{2 * time.Second, 20 * time.Second, hangGuard} {
		options.LeaderTimeout = timeout - time.Nanosecond // as of a connection that had a leader
		_, failure := session.Connect(context.Background(), options)
		wantKind(t, failure, fault.NoLeader, 0)
		if failure == nil {
			return
		}
		missing = nil
		for _, part := range append(parts, fmt.Sprintf("no leader found within %v: ", timeout)) {
			if !strings.Contains(failure.Message, part) {
				missing = append(missing, fmt.Sprintf("%q is missing in %q", part, failure.Message))
			}
		}
		if missing == nil {
			return
		}
	}
	t.Error(missing)
}

// unpickle reads what the package pickle writes; tuples and lists both become []any.
func unpickle(t *testing.T, data []byte) any {
	t.Helper()
	var stack []any
	var marks []int
	collect := func(from int) {
		stack = append(stack[:from], any(append([]any{}, stack[from:]...)))
	}
	take := func(size int) []byte {
		taken := data[:size]
		data = data[size:]
		return taken
	}
	for {
		switch op := take(1)[0]; op {
		case 0x80:
			take(1)
		case 'N':
			stack = append(stack, nil)
		case 'K':
			stack = append(stack, int64(take(1)[0]))
		case 'M':
			stack = append(stack, int64(binary.LittleEndian.Uint16(take(2))))
		case 'J':
			stack = append(stack, int64(int32(binary.LittleEndian.Uint32(take(4)))))
		case 0x8a:
			take(1)
			stack = append(stack, int64(binary.LittleEndian.Uint64(take(8))))
		case 'G':
			stack = append(stack, math.Float64frombits(binary.BigEndian.Uint64(take(8))))
		case 'X':
			stack = append(stack, string(take(int(binary.LittleEndian.Uint32(take(4))))))
		case 'B':
			stack = append(stack, take(int(binary.LittleEndian.Uint32(take(4)))))
		case 0x96:
			stack = append(stack, take(int(binary.LittleEndian.Uint64(take(8)))))
		case 'C':
			stack = append(stack, take(int(take(1)[0])))
		case '(':
			marks = append(marks, len(stack))
		case ')':
			stack = append(stack, []any{})
		case 0x85, 0x86, 0x87:
			collect(len(stack) - int(op) + 0x84)
		case 't', 'l':
			collect(marks[len(marks)-1])
			marks = marks[:len(marks)-1]
		case '.':
			if len(stack) != 1 || len(data) != 0 {
				t.Fatalf("a pickle ends with %d objects and %d bytes", len(stack), len(data))
			}
			return stack[0]
		default:
			t.Fatalf("a pickle holds the opcode %q", op)
		}
	}
}
