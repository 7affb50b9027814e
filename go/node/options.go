// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"

	"dqlitepy.dev/go/credentials"
)

// TellLeader tells the server of a node who leads: while it has no vote it hears that from nobody. It returns false where the
// server is busy and has to be told again.
type TellLeader func(own, leader client.NodeInfo) bool

// SetSnapshotBytes sets the bounds of the log in bytes for the servers that are made from now on. go-dqlite has no option for
// them.
type SetSnapshotBytes func(threshold, trailing uint64)

// snapshotBytes is what dqlite has for either bound.
const snapshotBytes = 32 << 20

// making lets one server at a time be made, behind the bounds that were set for it.
var making sync.Mutex

// Limits are what the clients of a node may take. 0 leaves each as dqlite has it.
type Limits struct {
	Connections     uint32        // of clients at a time
	RequestBytes    uint64        // of large requests that are under way
	WALBytes        uint64        // of a WAL from which on what keeps it is ended
	IdleTransaction time.Duration // without a word of its client, while others wait for it; dqlite has none
}

// SetLimits sets those of the server of a running node.
type SetLimits func(own client.NodeInfo, limits Limits)

// Options of a node.
type Options struct {
	Directory         string   // must exist
	Address           string   // host:port that other nodes and clients reach it by; "" = only this process can reach it
	Bind              string   // host:port to listen on where that is another one, of all hosts too; "" = Address
	MovedFrom         string   // the address that the directory may still have; "" = it must have Address
	Join              []string // addresses of nodes whose cluster a new node joins; empty = it begins one of its own
	ID                uint64   // 0 = as the directory says, or a new one
	SnapshotThreshold uint64   // log entries between two snapshots; 0 with SnapshotTrailing 0 = dqlite's default
	SnapshotTrailing  uint64   // log entries kept behind a snapshot
	ThresholdBytes    uint64   // as many bytes of log entries make a snapshot, too; 0 = dqlite's default
	TrailingBytes     uint64   // at most so many bytes of log entries are kept behind one; 0 = dqlite's default
	SnapshotDynamic   bool     // keep fewer trailing entries where the snapshot is small
	AutoRecovery      bool     // may delete damaged segments and snapshots at start
	BusyTimeout       time.Duration
	NetworkLatency    time.Duration            // 0 = dqlite's default
	FailureDomain     uint64                   // nodes that fail together have the same
	Voters            int                      // how many nodes should vote: odd, at least 3
	StandBys          int                      // how many nodes should follow the log without a vote
	RolesInterval     time.Duration            // between two looks of the leader at who has which role
	Bare              bool                     // neither joins nor looks after roles: others do that by requests
	TLS               *credentials.Credentials // nil without TLS
	SetSnapshotBytes  SetSnapshotBytes         // nil = dqlite's defaults
	Limits            Limits                   // of its clients
	SetLimits         SetLimits                // carries them out; nil = dqlite's defaults
	TellLeader        TellLeader               // nil = a node without a vote names no leader to those who ask it
	patience          time.Duration            // with a leader that stalls; 0 = lookTimeout
}

func (o *Options) check() error {
	for _, text := range append([]string{o.Directory, o.Address, o.Bind, o.MovedFrom}, o.Join...) {
		if strings.IndexByte(text, 0) >= 0 {
			return fmt.Errorf("a directory or address holds a NUL character")
		}
	}
	status, err := os.Stat(o.Directory)
	if err != nil {
		return err
	}
	if !status.IsDir() {
		return fmt.Errorf("%s is not a directory", o.Directory)
	}
	if o.SnapshotTrailing < o.SnapshotThreshold {
		return fmt.Errorf("the snapshot's trailing entries (%d) must be at least as many as its threshold (%d)",
			o.SnapshotTrailing, o.SnapshotThreshold)
	}
	if o.Address == "" {
		if len(o.Join) > 0 {
			return fmt.Errorf("a node that joins a cluster needs an address that the others reach it by")
		}
		if o.Bind != "" {
			return fmt.Errorf("a node that listens on %s needs an address that others reach it by", o.Bind)
		}
		return nil
	}
	if o.Bind != "" {
		if _, err := hostOf(o.Bind); err != nil {
			return err
		}
	}
	given := append([]string{o.Address}, o.Join...)
	if o.MovedFrom != "" {
		given = append(given, o.MovedFrom)
	}
	for _, address := range given {
		if err := checkAddress(address); err != nil {
			return err
		}
	}
	switch {
	case slices.Contains(o.Join, o.Address):
		return fmt.Errorf("the node at %s cannot join itself; name other nodes of the cluster, or none to begin one", o.Address)
	case o.Bare && len(o.Join) > 0:
		return fmt.Errorf("a bare node does not join by itself: start it without nodes to join, and add it to the cluster")
	case !o.Bare && (o.Voters < 3 || o.Voters%2 == 0):
		return fmt.Errorf("the number of voters must be odd and at least 3, not %d", o.Voters)
	case !o.Bare && o.StandBys < 0:
		return fmt.Errorf("the number of standbys must not be negative")
	}
	return nil
}

func checkAddress(address string) error {
	host, err := hostOf(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("%q is not an address that other nodes can reach: name one of this machine; to listen on all that it has, "+
			"give that one as bind (--bind)", address)
	}
	return nil
}

// hostOf returns the host of what has a host and a port.
func hostOf(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return "", fmt.Errorf("%q is not an address: give host:port, with an IPv6 host in brackets", address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return "", fmt.Errorf("%q is not an address: its port must be a number from 1 to 65535", address)
	}
	return host, nil
}

// reachable returns where this machine reaches what listens on an address, which may be all of its addresses.
func reachable(address string) string {
	host, port, _ := net.SplitHostPort(address)
	switch ip := net.ParseIP(host); {
	case !ip.IsUnspecified():
		return address
	case ip.To4() != nil:
		return net.JoinHostPort("127.0.0.1", port)
	}
	return net.JoinHostPort("::1", port)
}

// numeric resolves the host of an address: dqlite only takes numbers.
func numeric(address string) (string, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return "", reason(err)
	}
	return resolved.String(), nil
}

func (o *Options) list(bind string) []dqlite.Option {
	strategy := dqlite.TrailingStrategyStatic
	if o.SnapshotDynamic {
		strategy = dqlite.TrailingStrategyDynamic
	}
	return []dqlite.Option{
		dqlite.WithBindAddress(bind),
		dqlite.WithSnapshotParams(dqlite.SnapshotParams{
			Threshold: o.SnapshotThreshold, Trailing: o.SnapshotTrailing, Strategy: strategy,
		}),
		dqlite.WithAutoRecovery(o.AutoRecovery),
		dqlite.WithBusyTimeout(o.BusyTimeout.Milliseconds()),
		dqlite.WithNetworkLatency(o.NetworkLatency),
		dqlite.WithFailureDomain(o.FailureDomain),
	}
}

// server makes the server of a node.
func (o *Options) server(info client.NodeInfo, directory string, list []dqlite.Option) (*dqlite.Node, error) {
	making.Lock()
	defer making.Unlock()
	if o.SetSnapshotBytes != nil {
		o.SetSnapshotBytes(cmp.Or(o.ThresholdBytes, snapshotBytes), cmp.Or(o.TrailingBytes, snapshotBytes))
	}
	return dqlite.New(info.ID, info.Address, directory, list...)
}
