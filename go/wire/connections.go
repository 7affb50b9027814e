// SPDX-License-Identifier: Apache-2.0

package wire

import "encoding/binary"

// describeConnections is the schema of DESCRIBE, and of its answer, that dqlite has by our patch bounds/listed-connections.
// Other servers refuse it with CodeParse.
const describeConnections = 2

// Bits of a Connection's State.
const (
	ConnectionLocal       = 1 << iota // in the server's process
	ConnectionRunning                 // waits for an answer
	ConnectionTransaction             // has one open
	ConnectionLock                    // nobody else may write
	ConnectionWaiting                 // for somebody else who may
)

// leastConnection is the size of a connection without an address and a database.
const leastConnection = 7 * wordSize

// Connection is a client of a server. Times are in milliseconds that have passed.
type Connection struct {
	ID        uint64
	State     uint64
	Connected uint64
	Active    uint64 // since it was heard, or told, anything
	Began     uint64 // since its transaction, or what writes, began; 0 where there is none
	Address   string // "" = in the server's process
	Database  string // "" before it has opened one
}

// AppendDescribeConnections asks for the connections of clients whose ids are not below `from`. Answer: Connections, or a
// failure with CodeParse.
func AppendDescribeConnections(buffer []byte, from uint64) []byte {
	buffer, start := begin(buffer, RequestDescribe, describeConnections)
	return finish(binary.LittleEndian.AppendUint64(buffer, from), start)
}

// DecodeConnections decodes the answer, in the order of the ids; more tells whether there are others behind them.
func DecodeConnections(frame Frame) (connections []Connection, more bool, err error) {
	r, err := open(frame, ResponseMetadata)
	if err != nil {
		return nil, false, err
	}
	if frame.Schema != describeConnections {
		return nil, false, Errorf("connections by the schema %d", frame.Schema)
	}
	count := r.word()
	more = r.word() != 0
	if count > uint64(len(r.rest))/leastConnection {
		return nil, false, Errorf("%d connections in %d bytes", count, len(r.rest))
	}
	connections = make([]Connection, count)
	last := uint64(0)
	for i := range connections {
		c := &connections[i]
		c.ID, c.State, c.Connected, c.Active, c.Began = r.word(), r.word(), r.word(), r.word(), r.word()
		c.Address, c.Database = string(r.text()), string(r.text())
		if c.ID <= last {
			return nil, false, Errorf("the connection %d behind %d", c.ID, last)
		}
		last = c.ID
	}
	if more && count == 0 {
		return nil, false, Errorf("more connections than none")
	}
	return connections, more, r.done("Connections")
}
