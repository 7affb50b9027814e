// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/canonical/go-dqlite/v3"
)

func start(t *testing.T, options Options) *Node {
	t.Helper()
	n, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func stop(t *testing.T, n *Node) {
	t.Helper()
	if err := n.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestADirectoryKeepsItsIdentity(t *testing.T) {
	directory := t.TempDir()
	first := start(t, Options{Directory: directory})
	address := first.Address()
	connection, err := net.Dial("unix", address)
	if err != nil || !strings.HasPrefix(address, "@dqlitepy-") {
		t.Errorf("%s cannot be reached: %v", address, err)
	} else {
		connection.Close()
	}
	stop(t, first)
	info, found, err := readInfo(directory)
	if err != nil || !found || info.ID != dqlite.BootstrapID || info.Address != embeddedAddress {
		t.Errorf("%+v %v %v", info, found, err)
	}
	second := start(t, Options{Directory: directory, ID: dqlite.BootstrapID})
	if second.Address() == address {
		t.Errorf("the socket has the name %s again", address)
	}
	stop(t, second)
	if _, err := Start(Options{Directory: directory, ID: 7}); err == nil || !strings.Contains(err.Error(), "belongs to the node") {
		t.Error(err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	directory := t.TempDir()
	n := start(t, Options{Directory: directory})
	defer stop(t, n)
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		status, err := entry.Info()
		if err == nil && status.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %o", path, status.Mode().Perm())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestADirectoryInUseNamesItsHolder(t *testing.T) {
	directory := t.TempDir()
	n := start(t, Options{Directory: directory})
	if _, err := Start(Options{Directory: directory}); err == nil || !strings.Contains(err.Error(), "in use by this process") {
		t.Errorf("this process: %v", err)
	}
	other := exec.Command(os.Args[0], "-test.run=^TestHelperThatStartsANode$")
	other.Env = append(os.Environ(), "DQLITEPY_TEST_DIRECTORY="+directory)
	output, err := other.CombinedOutput()
	if want := fmt.Sprintf("in use by process %d, which started this one; close it there, or connect to that node by its address. A reloader", os.Getpid()); err != nil || !strings.Contains(string(output), want) {
		t.Errorf("another process: %v, %s", err, output)
	}
	stop(t, n)
	stop(t, start(t, Options{Directory: directory}))
}

// TestHelperThatStartsANode is the other process of the tests here.
func TestHelperThatStartsANode(t *testing.T) {
	if directory := os.Getenv("DQLITEPY_TEST_DIRECTORY"); directory != "" {
		_, err := Start(Options{Directory: directory})
		fmt.Println(err)
		os.Stdout.Sync()
		io.Copy(io.Discard, os.Stdin) // a node that has started stays until the test has seen all
	}
}

func TestADirectoryThatIsBeingOpenedNamesItsHolder(t *testing.T) {
	directory := t.TempDir()
	unlock, err := lockStart(directory)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeHolder(directory); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Options{Directory: directory}); err == nil || !strings.Contains(err.Error(), "in use by this process") {
		t.Errorf("during a start: %v", err)
	}
	unlock()
	stop(t, start(t, Options{Directory: directory}))
}

func TestOfManyStartsInAFreshDirectoryOneSucceeds(t *testing.T) {
	directory := t.TempDir()
	inputs := make([]io.Closer, 8)
	lines := make(chan string)
	for i := range inputs {
		other := exec.Command(os.Args[0], "-test.run=^TestHelperThatStartsANode$")
		other.Env = append(os.Environ(), "DQLITEPY_TEST_DIRECTORY="+directory)
		input, err := other.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		output, err := other.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		defer other.Wait()
		inputs[i] = input
		go func() {
			line, _ := bufio.NewReader(output).ReadString('\n')
			lines <- line
			io.Copy(io.Discard, output)
		}()
	}
	started := 0
	for range inputs {
		switch line := <-lines; {
		case line == "<nil>\n":
			started++
		case !strings.Contains(line, "is in use by "): // who, as soon as that one has said so
			t.Errorf("refused by %q", line)
		}
	}
	for _, input := range inputs {
		input.Close()
	}
	if started != 1 {
		t.Errorf("%d of them started", started)
	}
	if _, found, err := readInfo(directory); !found || err != nil {
		t.Errorf("the identity: %v, %v", found, err)
	}
}

func TestWhatCannotBeStartedIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, infoFile), []byte("ID: [1"), 0o600); err != nil {
		t.Fatal(err)
	}
	orphaned := t.TempDir()
	stop(t, start(t, Options{Directory: orphaned}))
	if err := os.Remove(filepath.Join(orphaned, infoFile)); err != nil {
		t.Fatal(err)
	}
	for want, options := range map[string]Options{
		"no such file":                 {Directory: filepath.Join(t.TempDir(), "missing")},
		"not a directory":              {Directory: file},
		"NUL":                          {Directory: "a\x00b"},
		"is damaged":                   {Directory: damaged},
		"no info.yaml":                 {Directory: orphaned},
		"must be at least":             {Directory: t.TempDir(), SnapshotThreshold: 100, SnapshotTrailing: 50},
		"cannot listen on 256.0.0.1:1": {Directory: t.TempDir(), Address: "256.0.0.1:1", Voters: 3},
	} {
		if n, err := Start(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", options, err, want)
			if n != nil {
				stop(t, n)
			}
		}
	}
}
