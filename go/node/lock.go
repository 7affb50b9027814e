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

	"github.com/google/renameio"
)

// holderFile tells a second process who has the directory open.
const holderFile = "dqlitepy.pid"

// lockFile is what dqlite locks for as long as a node runs.
const lockFile = "dqlite-lock"

func writeHolder(directory string) error { // which no power cut has to spare
	return renameio.WriteFile(filepath.Join(directory, holderFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func removeHolder(directory string) { os.Remove(filepath.Join(directory, holderFile)) }

// lockStart fails while another process is about to start a node in the directory: of two that start at the same moment, one would
// write its identity over the other's, or take that one's back. The lock is the directory's own, for as long as a start takes.
func lockStart(directory string) (unlock func(), err error) {
	file, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	if errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) { // other errors: it has no locks
		file.Close()
		return nil, usedBy(directory)
	}
	return func() {
		syscall.Flock(int(file.Fd()), syscall.LOCK_UN) // a child that was forked meanwhile has the file, too
		file.Close()
	}, nil
}

// inUse is what a node fails with whose directory is another one's.
type inUse string

func (i inUse) Error() string { return string(i) }

func usedBy(directory string) inUse {
	who, advice := holder(directory)
	return inUse(fmt.Sprintf("%s is in use by %s; %s", directory, who, advice))
}

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
		return usedBy(directory)
	}
	return nil
}

// holder describes who has the directory open, as far as its file tells, and what to do: one that was left behind by a crash
// names nobody.
func holder(directory string) (who, advice string) {
	const usual = "close it there, or connect to that node by its address"
	data, _ := os.ReadFile(filepath.Join(directory, holderFile))
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	switch {
	case err != nil || pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH):
		return "another process", usual
	case pid == os.Getpid():
		return "this process", usual
	case pid == os.Getppid():
		return fmt.Sprintf("process %d, which started this one", pid), usual + ". A reloader (of Flask, Django or uvicorn) runs a program " +
			"in two processes: connect in the one that serves alone, at its first request or where WERKZEUG_RUN_MAIN or RUN_MAIN " +
			"is \"true\""
	case parentOf(pid) == os.Getppid() && os.Getppid() > 1:
		return fmt.Sprintf("process %d, which has the same parent as this one", pid), usual + ". Workers of one server (gunicorn, uvicorn " +
			"--workers, multiprocessing) cannot share a directory: run a node of its own, as by `dqlitepy node`, and connect them " +
			"to its dqlite:// address, or have one worker with threads"
	default:
		return fmt.Sprintf("process %d", pid), usual
	}
}

// parentOf is the parent of a process, 0 where that cannot be known.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, fields, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ") // the name before may have blanks
	words := strings.Fields(fields)
	if len(words) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(words[1])
	return parent
}
