// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/canonical/go-dqlite/v3/client"
	"github.com/google/renameio"
	"gopkg.in/yaml.v2"
)

// The files that go-dqlite's app package keeps in a node's directory; ours are the same, so that either can open it.
const (
	infoFile    = "info.yaml"
	clusterFile = "cluster.yaml"
)

// holderFile tells a second process who has the directory open.
const holderFile = "dqlitepy.pid"

// lockFile is what dqlite locks for as long as a node runs.
const lockFile = "dqlite-lock"

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
		return info, false, fmt.Errorf("%s is damaged: it must hold ID, Address and Role of the node (%v)", path, err)
	}
	return info, true, nil
}

// writeInfo stores the identity of a fresh directory.
func writeInfo(directory string, info client.NodeInfo) error {
	if err := writeYAML(directory, clusterFile, []client.NodeInfo{{Address: info.Address}}); err != nil {
		return err
	}
	return writeYAML(directory, infoFile, info)
}

func writeYAML(directory, name string, content any) error {
	data, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(directory, name), data, 0o600)
}

func writeHolder(directory string) error {
	return renameio.WriteFile(filepath.Join(directory, holderFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func removeHolder(directory string) { os.Remove(filepath.Join(directory, holderFile)) }

// checkLock fails while another node has the directory open.
func checkLock(directory string) error {
	file, err := os.Open(filepath.Join(directory, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() // and with it the lock
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return fmt.Errorf("%s is in use by %s; close it there, or connect to that node by its address", directory, holder(directory))
	}
	return nil
}

// holder describes who has the directory open, as far as its file tells: one that was left behind by a crash names nobody.
func holder(directory string) string {
	data, _ := os.ReadFile(filepath.Join(directory, holderFile))
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	switch {
	case err != nil || pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH):
		return "another process"
	case pid == os.Getpid():
		return "this process"
	default:
		return fmt.Sprintf("process %d", pid)
	}
}
