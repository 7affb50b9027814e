// SPDX-License-Identifier: Apache-2.0

// Package node runs a dqlite node in this process.
package node

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"
)

// embeddedAddress is what a node without an address is called in its cluster of one. Nobody dials it.
const embeddedAddress = "dqlitepy-embedded"

// Options of a node.
type Options struct {
	Directory         string // must exist
	Address           string // "" = an abstract socket that only this process can reach
	ID                uint64 // 0 = the first node of a cluster of its own
	SnapshotThreshold uint64 // log entries between two snapshots; 0 with SnapshotTrailing 0 = dqlite's default
	SnapshotTrailing  uint64 // log entries kept behind a snapshot
	SnapshotDynamic   bool   // keep fewer trailing entries where the snapshot is small
	AutoRecovery      bool   // may delete damaged segments and snapshots at start
	BusyTimeout       time.Duration
	NetworkLatency    time.Duration // 0 = dqlite's default
}

// Node is running until Stop.
type Node struct {
	server    *dqlite.Node
	directory string
	address   string
}

// Start starts a node. It blocks until the node has read its data.
func Start(options Options) (*Node, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(options.Directory)
	if err != nil {
		return nil, err
	}
	info, fresh, err := identity(directory, options)
	if err != nil {
		return nil, err
	}
	bind := options.Address
	if bind == "" {
		if bind, err = privateSocket(); err != nil {
			return nil, err
		}
	}
	// Looked at before dqlite does: a node that was made and then did not start can never be freed again.
	if err := checkLock(directory); err != nil {
		return nil, err
	}
	server, err := dqlite.New(info.ID, info.Address, directory, options.list(bind)...)
	if err != nil {
		if strings.Contains(err.Error(), "bind address") {
			return nil, fmt.Errorf("the node in %s cannot listen on %s; is that address this machine's, and its port free?", directory, bind)
		}
		return nil, fmt.Errorf("the node in %s did not start: %w", directory, err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("the node in %s did not start: %w", directory, err)
	}
	n := &Node{server, directory, server.BindAddress()}
	if fresh {
		err = writeInfo(directory, info)
	}
	if err == nil {
		err = writeHolder(directory)
	}
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("the node in %s did not start: %w", directory, err)
	}
	return n, nil
}

// Address is where clients reach the node; "@…" is an abstract unix socket.
func (n *Node) Address() string { return n.address }

// Stop blocks until the node has stopped. No connection may be streaming a result.
func (n *Node) Stop() error {
	removeHolder(n.directory)
	if err := n.server.Close(); err != nil {
		return fmt.Errorf("the node in %s did not stop cleanly: %w", n.directory, err)
	}
	return nil
}

func (o *Options) check() error {
	for _, text := range []string{o.Directory, o.Address} {
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
	return nil
}

// identity is who the node is: what its directory says, or for a fresh one what the options say.
func identity(directory string, options Options) (info client.NodeInfo, fresh bool, err error) {
	wanted := client.NodeInfo{ID: options.ID, Address: options.Address, Role: client.Voter}
	if wanted.ID == 0 {
		wanted.ID = dqlite.BootstrapID
	}
	if wanted.Address == "" {
		wanted.Address = embeddedAddress
	}
	info, found, err := readInfo(directory)
	switch {
	case err != nil:
		return info, false, err
	case !found:
		return wanted, true, nil
	case info.Address != wanted.Address:
		return info, false, fmt.Errorf("%s belongs to the node with the address %s, not %s; start it with that address",
			directory, info.Address, wanted.Address)
	case options.ID != 0 && options.ID != info.ID:
		return info, false, fmt.Errorf("%s belongs to the node with the id %d, not %d; start it with that id",
			directory, info.ID, options.ID)
	}
	return info, false, nil
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
	}
}

// privateSocket invents a name that no other process can guess or has taken.
func privateSocket() (string, error) {
	var name [16]byte
	if _, err := rand.Read(name[:]); err != nil {
		return "", err
	}
	return "@dqlitepy-" + hex.EncodeToString(name[:]), nil
}
