// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"

	"github.com/canonical/go-dqlite/v3/app"
	"github.com/canonical/go-dqlite/v3/client"
)

// theirs starts a node of go-dqlite's own.
func theirs(t *testing.T, directory, address string, options ...app.Option) *app.App {
	t.Helper()
	options = append(options, app.WithAddress(address), app.WithNetworkLatency(latency), app.WithAutoRecovery(false))
	a, err := app.New(directory, options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Ready(within(t)); err != nil {
		t.Fatal(err)
	}
	return a
}

// membersOf asks the node at an address.
func membersOf(t *testing.T, address string) []client.NodeInfo {
	t.Helper()
	cluster, err := NewCluster([]string{address}, nil)
	if err != nil {
		t.Fatal(err)
	}
	members, err := cluster.Members(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return members
}

func TestADirectoryGoesToGoDqliteAndComesBack(t *testing.T) {
	directory, address := t.TempDir(), free(t)
	n := ready(t, start(t, quick(directory, address)))
	id := n.info.ID
	stop(t, n)
	for range 2 {
		a := theirs(t, directory, address)
		if a.ID() != id || a.Address() != address {
			t.Errorf("it is %d at %s", a.ID(), a.Address())
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		n := ready(t, start(t, quick(directory, address)))
		want := client.NodeInfo{ID: id, Address: address, Role: client.Voter}
		if members := membersOf(t, address); len(members) != 1 || members[0] != want {
			t.Errorf("members %v", members)
		}
		stop(t, n)
	}
}

func TestNodesOfGoDqliteAndOursAreOneCluster(t *testing.T) {
	first, second, third := free(t), free(t), free(t)
	a := theirs(t, t.TempDir(), first)
	defer a.Close()
	n := ready(t, start(t, quick(t.TempDir(), second, first)))
	defer n.Stop()
	b := theirs(t, t.TempDir(), third, app.WithCluster([]string{first}))
	defer b.Close()
	members := membersOf(t, first)
	for _, address := range []string{first, second, third} {
		found := false
		for _, member := range members {
			found = found || member.Address == address
		}
		if !found {
			t.Errorf("%s is not among %v", address, members)
		}
	}
}
