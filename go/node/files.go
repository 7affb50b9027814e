// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/canonical/go-dqlite/v3/client"
	"github.com/google/renameio"
	"golang.org/x/sys/unix"
	"gopkg.in/yaml.v2"
)

// The files that go-dqlite's app package keeps in a node's directory; ours are the same, so that either can open it.
const (
	infoFile    = "info.yaml"
	clusterFile = "cluster.yaml"
	joinFile    = "join" // empty; there until a new node is a member
)

// raftFile is there once a node has stored anything.
const raftFile = "metadata1"

// readInfo returns the identity that a directory has had since its first start; found is false for a fresh one.
func readInfo(directory string) (info client.NodeInfo, found bool, err error) {
	path := filepath.Join(directory, infoFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(directory, raftFile)); err == nil {
			return info, false, fmt.Errorf("%s holds a node's data, but no %s: restore that file beside it", directory, infoFile)
		}
		return info, false, nil
	}
	if err != nil {
		return info, false, err
	}
	if err := yaml.Unmarshal(data, &info); err != nil || info.ID == 0 || info.Address == "" {
		return info, false, fmt.Errorf("%s is damaged: it must hold ID, Address and Role of the node (%v); restore it from a copy", path, err)
	}
	return info, true, checkMetadata(directory)
}

const metadataSize = 32

// checkMetadata fails where there is data, but neither of the files with the term and the vote: raft would take the node for
// a new one that has not voted yet.
func checkMetadata(directory string) error {
	for _, name := range []string{raftFile, "metadata2"} {
		if status, err := os.Stat(filepath.Join(directory, name)); err == nil && status.Size() >= metadataSize {
			return nil
		}
	}
	entries, err := os.ReadDir(directory)
	for _, entry := range entries {
		for _, pattern := range []string{"0*-0*", "open-*", "snapshot-*"} {
			if matched, _ := filepath.Match(pattern, entry.Name()); matched {
				return fmt.Errorf("%s holds a node's data, but its %s is missing or cut short: restore that file from a copy, "+
					"or the whole directory", directory, raftFile)
			}
		}
	}
	return err
}

// writeInfo stores the identity of a directory, last, so that what belongs to it is there; with addresses to join also that
// the node is not a member yet.
func writeInfo(directory string, info client.NodeInfo, join []string) error {
	servers := []client.NodeInfo{{Address: info.Address}}
	if len(join) > 0 {
		servers = nil
		for _, address := range join {
			servers = append(servers, client.NodeInfo{Address: address})
		}
		if err := writeFile(directory, joinFile, nil); err != nil {
			return err
		}
	}
	if err := writeServers(directory, servers); err != nil {
		return err
	}
	return rewriteInfo(directory, info)
}

// rewriteInfo stores the identity of a directory that had one before.
func rewriteInfo(directory string, info client.NodeInfo) error {
	if err := writeYAML(directory, infoFile, info); err != nil {
		return err
	}
	return syncName(directory)
}

// forgetInfo takes the identity back from a directory in which no node has stored anything yet.
func forgetInfo(directory string) {
	if _, err := os.Stat(filepath.Join(directory, raftFile)); errors.Is(err, fs.ErrNotExist) {
		for _, name := range []string{infoFile, clusterFile, joinFile} {
			os.Remove(filepath.Join(directory, name))
		}
	}
}

// readServers returns the members that were known last.
func readServers(directory string) (servers []client.NodeInfo, err error) {
	path := filepath.Join(directory, clusterFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = yaml.Unmarshal(data, &servers)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: it must list the nodes of the cluster (%v); delete it if the node is not alone, "+
			"and name others to join", path, err)
	}
	return servers, nil
}

func writeServers(directory string, servers []client.NodeInfo) error {
	return writeYAML(directory, clusterFile, servers)
}

// isJoining tells whether the node still has to become a member of the cluster.
func isJoining(directory string) bool {
	_, err := os.Stat(filepath.Join(directory, joinFile))
	return err == nil
}

func hasJoined(directory string) error {
	if err := os.Remove(filepath.Join(directory, joinFile)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return syncDirectory(directory)
}

func writeYAML(directory, name string, content any) error {
	data, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	return writeFile(directory, name, data)
}

// writeFile replaces a file in one step, and returns when both its content and its name are on the disk.
func writeFile(directory, name string, data []byte) error {
	if err := renameio.WriteFile(filepath.Join(directory, name), data, 0o600); err != nil {
		return err
	}
	return syncDirectory(directory)
}

// syncName returns when the name of a directory is on the disk: who made it may not have seen to that, and without it
// nothing is found again that is in it.
func syncName(directory string) error {
	real, err := filepath.EvalSymlinks(directory)
	if err != nil {
		return err
	}
	err = syncDirectory(filepath.Dir(real))
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	// This user may pass through the folder above, but not read it: so all of the file system is synced.
	file, err := os.Open(real)
	if err != nil {
		return err
	}
	defer file.Close()
	return unix.Syncfs(int(file.Fd()))
}

// syncDirectory returns when the names in a directory are on the disk.
func syncDirectory(directory string) error {
	file, err := os.Open(directory)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Sync(); !errors.Is(err, syscall.EINVAL) { // which a file system answers that has no use for it
		return err
	}
	return nil
}
