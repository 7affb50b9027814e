// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/credentials"
)

// hang only ends what hangs.
const hang = 2 * time.Minute

// free returns an address that nobody listens on. Its port is none that the kernel hands out, as it does to each connection
// that is made: such a one may be somebody else's again before it is used.
func free(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// latency is what a busy machine does not exceed: no leader is replaced that was not to be.
const latency = 200 * time.Millisecond

func quick(directory, address string, join ...string) Options {
	return Options{
		Directory: directory, Address: address, Join: join, NetworkLatency: latency,
		Voters: 3, StandBys: 3, RolesInterval: 100 * time.Millisecond,
	}
}

func ready(t *testing.T, n *Node) *Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	if err := n.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	return n
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	t.Cleanup(cancel)
	return ctx
}

// three starts a cluster, with certificates where there is an authority.
func three(t *testing.T, authority *credentials.Pair) []*Node {
	t.Helper()
	var nodes []*Node
	for i := range 3 {
		options := quick(t.TempDir(), free(t))
		if i > 0 {
			options.Join = []string{nodes[0].Address()}
		}
		if authority != nil {
			pair, err := credentials.Make(*authority, []string{"127.0.0.1"}, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			options.TLS = loaded(t, credentials.PEM{Certificate: pair.Certificate, Key: pair.Key, Authority: authority.Certificate})
		}
		nodes = append(nodes, ready(t, start(t, options)))
	}
	return nodes
}

func loaded(t *testing.T, pem credentials.PEM) *credentials.Credentials {
	t.Helper()
	c, err := credentials.Load(pem)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func voters(members []client.NodeInfo) (count int) {
	for _, member := range members {
		if member.Role == client.Voter {
			count++
		}
	}
	return count
}

func TestThreeNodesHandOverAndGoOn(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprintf("encrypted=%v", encrypted), func(t *testing.T) {
			var authority *credentials.Pair
			var trust *credentials.Credentials
			if encrypted {
				pair, err := credentials.MakeAuthority("test", time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				own, err := credentials.Make(pair, []string{"client"}, time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				authority = &pair
				trust = loaded(t, credentials.PEM{Certificate: own.Certificate, Key: own.Key, Authority: pair.Certificate})
			}
			nodes := three(t, authority)
			var addresses []string
			for _, n := range nodes {
				addresses = append(addresses, n.Address())
			}
			cluster, err := NewCluster(addresses, trust)
			if err != nil {
				t.Fatal(err)
			}
			ctx := within(t)
			members, err := cluster.Members(ctx)
			if err != nil || voters(members) != 3 {
				t.Fatalf("%+v %v", members, err)
			}
			for left := nodes; len(left) > 0; left = left[1:] {
				if err := left[0].Handover(ctx); err != nil {
					t.Errorf("%s: %v", left[0].Address(), err)
				}
				if len(left) > 1 {
					leader, err := cluster.Leader(ctx)
					if err != nil || leader.Address == left[0].Address() {
						t.Errorf("after the handover of %s: %+v %v", left[0].Address(), leader, err)
					}
				}
				stop(t, left[0])
				if len(left) == 2 {
					break // the last one has no majority
				}
			}
			stop(t, nodes[2])
		})
	}
}

func TestTheMembershipIsChangedByRequests(t *testing.T) {
	nodes := three(t, nil)
	cluster, err := NewCluster([]string{nodes[1].Address()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	second := Target{Address: nodes[1].Address()}
	if err := cluster.Transfer(ctx, second); err != nil {
		t.Fatal(err)
	}
	if leader, err := cluster.Leader(ctx); err != nil || leader.Address != second.Address {
		t.Errorf("%+v %v", leader, err)
	}
	for want, err := range map[string]error{
		"leads the cluster and cannot be removed": cluster.Remove(ctx, second),
		"leads the cluster and cannot become":     cluster.Assign(ctx, second, client.Spare),
		"no node of the cluster has the id 7":     cluster.Assign(ctx, Target{ID: 7}, client.Spare),
		"is a member already": func() error {
			_, err := cluster.Add(ctx, client.NodeInfo{Address: nodes[0].Address()})
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q expected, not %v", want, err)
		}
	}
	if err := cluster.Weigh(ctx, nodes[2].Address(), 7); err != nil {
		t.Error(err)
	}
	if metadata, err := cluster.Describe(ctx, nodes[2].Address()); err != nil || metadata.Weight != 7 ||
		metadata.Position == nil || metadata.Position.Term == 0 || metadata.Position.DiskBytes == 0 {
		t.Errorf("%+v %v", metadata, err)
	}
	if err := cluster.Remove(ctx, Target{Address: nodes[2].Address()}); err != nil {
		t.Error(err)
	}
	if members, err := cluster.Members(ctx); err != nil || len(members) != 2 {
		t.Errorf("%+v %v", members, err)
	}
	bare, err := Start(Options{Directory: t.TempDir(), Address: free(t), ID: 99, Bare: true, NetworkLatency: latency})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := cluster.Add(ctx, client.NodeInfo{ID: 99, Address: bare.Address(), Role: client.Voter}); err != nil || info.ID != 99 {
		t.Errorf("%+v %v", info, err)
	}
	ready(t, bare)
	if members, leader, err := cluster.View(ctx, bare.Address()); err != nil || len(members) != 3 || leader.Address != second.Address {
		t.Errorf("%+v %+v %v", members, leader, err)
	}
	for _, n := range append(nodes, bare) {
		stop(t, n)
	}
}

func TestAnEmbeddedNodeBecomesTheFirstOfACluster(t *testing.T) {
	directory := t.TempDir()
	stop(t, start(t, Options{Directory: directory}))
	address := free(t)
	if _, err := Start(quick(directory, address, "127.0.0.1:1")); err == nil || !strings.Contains(err.Error(), "cannot join") {
		t.Error(err)
	}
	first := ready(t, start(t, quick(directory, address)))
	second := ready(t, start(t, quick(t.TempDir(), free(t), address)))
	state, err := second.State(within(t))
	if err != nil || state.Leader.Address != address || !state.Member || state.Role != client.Spare {
		t.Errorf("%+v %v", state, err)
	}
	stop(t, second)
	stop(t, first)
	if _, err := Start(Options{Directory: directory}); err == nil || !strings.Contains(err.Error(), "start it as that node") {
		t.Error(err)
	}
	if _, err := Start(quick(directory, free(t))); err == nil || !strings.Contains(err.Error(), "If this node has moved") {
		t.Error(err)
	}
}

func TestANodeThatNeverRanLeavesNoIdentityBehind(t *testing.T) {
	directory := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Start(quick(directory, taken.Addr().String())); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Error(entries, err)
	}
}

func TestNobodyIsTheLeader(t *testing.T) {
	address := free(t)
	cluster, err := NewCluster([]string{address}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, patience := range []time.Duration{2 * time.Second, 20 * time.Second, hang} { // a busy machine may need more
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err = cluster.Leader(ctx); err == nil || strings.Contains(err.Error(), address+": connection refused") {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), address+": connection refused") {
		t.Error(err)
	}
}

func TestANodeJoinsAlthoughALeaderStalled(t *testing.T) {
	leader := ready(t, start(t, quick(t.TempDir(), free(t))))
	defer leader.Stop()
	l, err := net.Listen("tcp", free(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for named := l.Addr().String(); ; named = leader.Address() { // it is the leader itself at first
			connection, err := l.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
			connection.Read(make([]byte, 64))
			body := append([]byte(named), make([]byte, 8-len(named)%8)...)
			message := binary.LittleEndian.AppendUint64(nil, uint64(1+len(body)/8)|1<<32)
			message = binary.LittleEndian.AppendUint64(message, 1)
			connection.Write(append(message, body...))
		}
	}()
	options := quick(t.TempDir(), free(t), l.Addr().String())
	options.patience = time.Second
	defer ready(t, start(t, options)).Stop()
}

// answering serves each connection one answer, whatever it is asked.
func answering(t *testing.T, answer []byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				connection.Read(make([]byte, 64))
				connection.Write(answer)
				connection.Read(make([]byte, 64))
			}()
		}
	}()
	return l.Addr().String()
}

func TestAServerThatIsNoneOfDqliteIsAnError(t *testing.T) {
	words := func(numbers ...uint64) (message []byte) {
		for _, number := range numbers {
			message = binary.LittleEndian.AppendUint64(message, number)
		}
		return message
	}
	for want, answer := range map[string][]byte{
		"an answer of 10":                  []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"1000000000 members":               words(1|3<<32, 1e9),
		"a response of type 8":             words(0 | 8<<32),
		"it did not answer in time":        nil,
		"database is locked":               append(words(4|0<<32, 5), "database is locked\x00\x00\x00\x00\x00\x00"...),
		"a body that ends within a word":   words(0 | 3<<32),
		"a failure of 8 bytes that cannot": words(1|0<<32, 1),
	} {
		address := answering(t, answer)
		cluster, err := NewCluster([]string{address}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx := within(t)
		if answer == nil {
			short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			ctx = short
		}
		_, _, err = cluster.View(ctx, address)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q expected, not %v", want, err)
		}
	}
}
