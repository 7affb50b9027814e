// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dqlitepy.dev/go/wire"
)

// server is one that answers as a test says, to the requests behind the handshake and OPEN.
type server struct {
	*testing.T
	address string
	mu      sync.Mutex
	texts   []string // of the SQL that came in
	answer  func(connection net.Conn, text string)
	leader  atomic.Pointer[string]   // whom it names; nil while it is the leader itself
	members atomic.Pointer[[]string] // the voters; a member's id is its place, from 1

	interrupts atomic.Int64 // how many came in

	answering sync.Mutex // one answer at a time, so that tests can count without locks
}

func serve(t *testing.T, answer func(net.Conn, string)) *server {
	t.Helper()
	address := fmt.Sprintf("@dqlitepy-test-%p-%d", t, servers.Add(1))
	listener, err := net.Listen("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, address, listener, answer)
}

var servers atomic.Int64

func serveOn(t *testing.T, address string, listener net.Listener, answer func(net.Conn, string)) *server {
	s := &server{T: t, address: address, answer: answer}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.handle(connection)
		}
	}()
	return s
}

func (s *server) handle(connection net.Conn) {
	defer connection.Close()
	var handshake [8]byte
	if _, err := io.ReadFull(connection, handshake[:]); err != nil || handshake != [8]byte{wire.ProtocolVersion} {
		return
	}
	opened := false
	for {
		frame, err := readFrame(connection)
		if err != nil {
			return
		}
		switch frame.Type {
		case wire.RequestPrepare:
			if !opened && s.leader.Load() != nil {
				connection.Write(failureMessage(10250, "not leader"))
				continue
			}
			if !opened {
				connection.Write(failureMessage(12, "no database opened"))
				continue
			}
			text, _, _ := strings.Cut(string(frame.Body[8:]), "\x00")
			s.note(connection, text)
		case wire.RequestCluster:
			connection.Write(s.cluster())
		case wire.RequestOpen:
			opened = s.leader.Load() == nil
			if s.leader.Load() != nil {
				connection.Write(failureMessage(10250, "not leader"))
				continue
			}
			connection.Write(message(wire.ResponseDB, make([]byte, 8)))
		case wire.RequestLeader:
			leader := s.address
			if other := s.leader.Load(); other != nil {
				leader = *other
			}
			body := append(binary.LittleEndian.AppendUint64(nil, s.id(leader)), leader...)
			connection.Write(message(wire.ResponseServer, append(body, make([]byte, 8-len(leader)%8)...)))
		case wire.RequestInterrupt:
			s.interrupts.Add(1)
			connection.Write(message(wire.ResponseEmpty, make([]byte, 8)))
		case wire.RequestFinalize:
			connection.Write(message(wire.ResponseEmpty, make([]byte, 8)))
		case wire.RequestDump:
			name, _, _ := strings.Cut(string(frame.Body), "\x00")
			s.note(connection, "DUMP "+name)
		case wire.RequestExec:
			s.note(connection, "EXEC")
		case wire.RequestExecSQL, wire.RequestQuerySQL:
			text, _, _ := strings.Cut(string(frame.Body[8:]), "\x00")
			s.note(connection, text)
		}
	}
}

func (s *server) note(connection net.Conn, text string) {
	s.mu.Lock()
	s.texts = append(s.texts, text)
	s.mu.Unlock()
	s.answering.Lock()
	defer s.answering.Unlock()
	s.answer(connection, text)
}

func (s *server) id(address string) uint64 {
	if members := s.members.Load(); members != nil {
		return uint64(slices.Index(*members, address) + 1)
	}
	return 1
}

func (s *server) cluster() []byte {
	members := []string{s.address}
	if set := s.members.Load(); set != nil {
		members = *set
	}
	body := binary.LittleEndian.AppendUint64(nil, uint64(len(members)))
	for i, address := range members {
		body = binary.LittleEndian.AppendUint64(body, uint64(i+1))
		body = append(append(body, address...), make([]byte, 8-len(address)%8)...)
		body = binary.LittleEndian.AppendUint64(body, wire.RoleVoter)
	}
	return message(wire.ResponseServers, body)
}

// become changes how the server answers.
func (s *server) become(answer func(net.Conn, string)) {
	s.answering.Lock()
	defer s.answering.Unlock()
	s.answer = answer
}

// follow makes the server name another one as the leader, or none with "".
func (s *server) follow(leader string) { s.leader.Store(&leader) }

// seen returns the SQL that came in, in order.
func (s *server) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}

func readFrame(connection net.Conn) (wire.Frame, error) {
	var raw [wire.HeaderSize]byte
	if _, err := io.ReadFull(connection, raw[:]); err != nil {
		return wire.Frame{}, err
	}
	header, err := wire.DecodeHeader(raw[:])
	if err != nil {
		return wire.Frame{}, err
	}
	body := make([]byte, header.BodySize())
	_, err = io.ReadFull(connection, body)
	return wire.Frame{Header: header, Body: body}, err
}

func message(kind uint8, body []byte) []byte {
	header := []byte{0, 0, 0, 0, kind, 0, 0, 0}
	binary.LittleEndian.PutUint32(header, uint32(len(body)/8))
	return append(header, body...)
}

func failureMessage(code uint64, text string) []byte {
	body := binary.LittleEndian.AppendUint64(nil, code)
	body = append(body, text...)
	return message(wire.ResponseFailure, append(body, make([]byte, 8-len(text)%8)...))
}

func resultMessage() []byte { return message(wire.ResponseResult, make([]byte, 16)) }

// rowsMessage is a page of one column x with a row for each number.
func rowsMessage(more bool, numbers ...uint64) []byte {
	body := binary.LittleEndian.AppendUint64(nil, 1)
	body = append(body, "x\x00\x00\x00\x00\x00\x00\x00"...)
	for _, number := range numbers {
		body = binary.LittleEndian.AppendUint64(body, uint64(wire.Integer))
		body = binary.LittleEndian.AppendUint64(body, number)
	}
	end := ^uint64(0)
	if more {
		end = 0xeeeeeeeeeeeeeeee
	}
	return message(wire.ResponseRows, binary.LittleEndian.AppendUint64(body, end))
}
