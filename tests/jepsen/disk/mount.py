# SPDX-License-Identifier: Apache-2.0
"""A disk for one node: mounted in this process's namespace, served by a process of its own."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.libc import check
from tests.support import ROOT

_libc = ctypes.CDLL(None, use_errno=True)
_DEVICE = "/dev/fuse"
_MNT_DETACH = 2


def available() -> bool:
    """Whether such disks can be had here."""
    return os.access(_DEVICE, os.R_OK | os.W_OK)


class Disk:
    """Where a node keeps its files, and how that fails. All changes are made when the call returns."""

    def __init__(self, at: Path, errors: Path) -> None:
        self._at = at
        self._lock = threading.Lock()
        self.failing = False
        self.failures = 0  # how often it has begun to fail
        device = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
        try:
            options = f"fd={device},rootmode=40000,user_id=0,group_id=0,default_permissions"
            check(_libc.mount(b"jepsen", os.fsencode(at), b"fuse", 0, options.encode()))
            with errors.open("ab") as file:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", "from tests.jepsen.disk.mount import serve; serve()", str(device)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=file,
                    pass_fds=[device],
                    env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, sys.path)])),
                )
        finally:
            os.close(device)

    def cut_power(self, keep: float, seed: int) -> None:
        """Forgets what was not synced; who has files open there must have been killed."""
        self._ask(cut=keep, seed=seed)

    def fail(self, name: str) -> None:
        """Lets all writing fail with an error: ENOSPC or EIO."""
        self.failing = True
        self.failures += 1
        self._ask(fail=getattr(errno, name))

    def slow(self, seconds: float) -> None:
        """Lets each write take so long."""
        self._ask(slow=seconds)

    def heal(self) -> None:
        """Lets the disk work as it should."""
        self._ask(fail=0, slow=0.0)
        self.failing = False

    def close(self) -> None:
        """Takes the mount away and ends the process."""
        _libc.umount2(os.fsencode(self._at), _MNT_DETACH)
        self._process.kill()
        self._process.wait()

    def _ask(self, **command: float) -> None:
        with self._lock:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer == b"done\n", f"the disk at {self._at} does not work: {answer!r}"


def serve() -> None:
    """The process of a disk."""
    from tests.jepsen.disk.fuse import Server
    from tests.jepsen.disk.store import Store

    store = Store()
    threading.Thread(target=Server(int(sys.argv[1]), store).run, daemon=True).start()
    for line in sys.stdin:
        command = json.loads(line)
        with store.lock:
            if "fail" in command:
                store.failure = command["fail"]
            if "slow" in command:
                store.pause = command["slow"]
            if "cut" in command:
                store.cut_power(command["cut"], command["seed"])
        os.write(1, b"done\n")
