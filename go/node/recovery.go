// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"
)

// LastEntry returns term and index of the last entry in the log of a stopped node.
func LastEntry(directory string) (term, index uint64, err error) {
	if directory, err = stopped(directory); err != nil {
		return 0, 0, err
	}
	last, err := dqlite.ReadLastEntryInfo(directory)
	if err != nil {
		return 0, 0, fmt.Errorf("the log in %s cannot be read (%v): `dqlitepy inspect` shows what is damaged", directory, err)
	}
	return last.Term, last.Index, nil
}

// Reconfigure forces the members of the cluster into the log of a stopped node, whose own identity must be among them.
func Reconfigure(directory string, members []client.NodeInfo) error {
	directory, err := stopped(directory)
	if err != nil {
		return err
	}
	own, found, err := readInfo(directory)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has never held a node", directory)
	}
	address := ""
	voters := 0
	for _, member := range members {
		if err := checkAddress(member.Address); err != nil {
			return err
		}
		if member.ID == own.ID {
			address = member.Address
		}
		if member.Role == client.Voter {
			voters++
		}
	}
	switch {
	case address == "":
		return fmt.Errorf("the node in %s (id %d) must be one of the members", directory, own.ID)
	case voters == 0:
		return fmt.Errorf("none of the members is a voter: without one there is never a leader")
	}
	if err := dqlite.ReconfigureMembershipExt(directory, members); err != nil {
		return fmt.Errorf("the members cannot be written to the log in %s: %w", directory, err)
	}
	if err := hasJoined(directory); err != nil {
		return err
	}
	own.Address = address
	if err := writeInfo(directory, own, nil); err != nil {
		return err
	}
	return writeServers(directory, members)
}

// stopped returns the full path of a node's directory, if no node runs in it.
func stopped(directory string) (string, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(directory, raftFile)); err != nil {
		return "", fmt.Errorf("%s does not hold a node's data (%w)", directory, err)
	}
	return directory, checkLock(directory)
}
