// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"

	"github.com/canonical/go-dqlite/v3"
	"github.com/canonical/go-dqlite/v3/client"
)

// identity is who the node is: what its directory says, or for a fresh one what the options say.
func identity(options Options) (info client.NodeInfo, fresh bool, err error) {
	directory := options.Directory
	info, found, err := readInfo(directory)
	if err != nil {
		return info, false, err
	}
	if !found {
		return newIdentity(options), true, nil
	}
	wanted := options.Address
	if wanted == "" {
		wanted = embeddedAddress
	}
	switch {
	case options.ID != 0 && options.ID != info.ID:
		return info, false, fmt.Errorf("%s belongs to the node with the id %d, not %d; start it with that id, or none",
			directory, info.ID, options.ID)
	case options.ID == 0 && info.Address == embeddedAddress && info.ID != dqlite.BootstrapID:
		// Its log knows no such node, so it would wait for a leader for ever.
		return info, false, fmt.Errorf("%s in %s is damaged: the node of an embedded database has the id %d, not %d; write that id there, "+
			"or restore the file from a copy", infoFile, directory, uint64(dqlite.BootstrapID), info.ID)
	case info.Address == wanted:
		return info, false, nil
	case info.Address != embeddedAddress && options.Address == "":
		return info, false, fmt.Errorf("%s belongs to the node of a cluster with the address %s; start it as that node, with that address",
			directory, info.Address)
	case info.Address != embeddedAddress && info.Address == options.MovedFrom:
		info.Address = wanted // the directory is told when the node can listen there
		return info, false, nil
	case info.Address != embeddedAddress:
		return info, false, fmt.Errorf("%s belongs to the node with the address %s, not %s; start it with that address. "+
			"If this node has moved, and no copy of it runs there any more, give that address as moved_from (--moved-from)",
			directory, info.Address, wanted)
	case len(options.Join) > 0:
		return info, false, fmt.Errorf("%s holds an embedded database with rows of its own, so it cannot join another cluster; "+
			"start it without nodes to join, as the first one of its own, or give an empty directory", directory)
	}
	info.Address = wanted
	return info, false, adopt(directory, info)
}

func newIdentity(options Options) client.NodeInfo {
	info := client.NodeInfo{ID: options.ID, Address: options.Address, Role: client.Voter}
	if info.Address == "" {
		info.Address = embeddedAddress
	}
	switch {
	case len(options.Join) > 0:
		info.Role = client.Spare
		if info.ID == 0 {
			info.ID = dqlite.GenerateID(info.Address)
		}
	case info.ID == 0:
		info.ID = dqlite.BootstrapID
	}
	return info
}

// adopt makes an embedded node the first one of a cluster: the configuration in its log gets the address that others will
// reach it by. Where this is cut short it can be done again, as an embedded node or as a clustered one.
func adopt(directory string, info client.NodeInfo) error {
	info.Role = client.Voter
	if err := dqlite.ReconfigureMembershipExt(directory, []client.NodeInfo{info}); err != nil {
		return fmt.Errorf("%s cannot become the first node of a cluster: %w", directory, err)
	}
	return writeInfo(directory, info, nil)
}
