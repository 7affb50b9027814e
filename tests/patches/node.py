# SPDX-License-Identifier: Apache-2.0
"""A node in a process of its own, so that a test outlives a server that aborts.

As a program: starts the node, says so on standard output, and stops it when standard input ends. What the node has to
say goes to a file beside its directory. DQLITEPY_NODE names another program that does the same: //tests/sanitizers has
one.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from dqlitepy._native.abi import NodeOptions
from dqlitepy._native.handle import Handle
from dqlitepy._native.log import node_started, node_stopped
from dqlitepy._native.operations import StartNode

from tests.patches.wire import HANG_SECONDS, Client, leader_request
from tests.protocol import Response
from tests.support import free_address, python_environment

_READY = b"ready\n"


class NodeProcess:
    """A running node of one member that listens on the loopback interface."""

    def __init__(self, directory: Path, address: str | None = None, *, latency_ms: int = 0, wal_limit: int = 0) -> None:
        """Starts the node and waits until it takes connections.

        Args:
            directory: its data.
            address: where it listens; without one, where nobody does.
            latency_ms: what decides how soon it takes a leader for lost; 0 is what dqlite takes.
            wal_limit: bytes; 0 is what dqlite takes.
        """
        self.address = address or free_address()
        self._directory = directory
        directory.mkdir(exist_ok=True)
        where = [str(directory), self.address]
        other = os.environ.get("DQLITEPY_NODE")  # has dqlite's own latency, and limit
        ours = [sys.executable, "-m", "tests.patches.node", *where, str(latency_ms), str(wal_limit)]
        self._process = subprocess.Popen(
            [other, *where] if other else ours,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=python_environment(),
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != _READY:
            self.kill()
            raise RuntimeError(f"the node did not start: {self.log()}")

    def log(self) -> str:
        """Returns what the node has had to say so far."""
        return _log_file(str(self._directory)).read_text()

    @property
    def pid(self) -> int:
        """The process of the node."""
        return self._process.pid

    def resident(self) -> int:
        """Returns the bytes of the node that are in memory; 0 where a sanitizer keeps what is freed."""
        return 0 if "DQLITEPY_NODE" in os.environ else resident(self.pid)

    def client(self, *, database: str = "main", receive_buffer: int | None = None) -> Client:
        """Returns a new connection to the node."""
        return Client(self.address, database=database, receive_buffer=receive_buffer)

    def stranger(self) -> Client:
        """Returns a connection that has not said anything yet."""
        return Client(self.address, database=None)

    def go_round(self, *, database: str = "main") -> None:
        """Returns when the loop has dealt with all that it was sent before, which it may see in another order.

        It is asked over a connection that has `database` open.
        """
        with self.client(database=database) as other:
            for _ in range(2):
                other.socket.sendall(leader_request())
                other.expect(Response.SERVER)

    def wait_for_snapshot(self) -> None:
        """Returns when the node has a snapshot on disk."""
        deadline = time.monotonic() + HANG_SECONDS
        while not list(self._directory.glob("snapshot-*.meta")):
            assert time.monotonic() < deadline, "the node takes no snapshot"
            time.sleep(0.01)

    def stop(self) -> int:
        """Stops the node as an application does and returns the exit status of its process.

        Raises:
            subprocess.TimeoutExpired: it hangs.
        """
        self._process.communicate(timeout=HANG_SECONDS)
        return self._process.returncode

    def kill(self) -> None:
        """Ends the process, whatever state it is in."""
        self._process.kill()
        self._process.communicate()


def start_node(directory: str, address: str, latency_ms: int = 0, wal_limit: int = 0) -> Handle:
    """Starts a node in this process."""
    options = NodeOptions(
        directory=os.fsencode(directory),
        address=address.encode(),
        network_latency_ms=latency_ms,
        snapshot_threshold=512,
        snapshot_trailing=1024,
        wal_limit=wal_limit,
        bare=1,
    )
    return Handle.open(StartNode(options))


def resident(pid: int) -> int:
    """Returns the bytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _log_file(directory: str) -> Path:
    return Path(directory + ".log")


def _serve(directory: str, address: str, latency_ms: str = "0", wal_limit: str = "0") -> None:
    logging.basicConfig(filename=_log_file(directory), format="%(message)s")
    node_started()
    try:
        node = start_node(directory, address, int(latency_ms), int(wal_limit))
    except Exception as error:
        logging.error("%s", error)
        raise SystemExit(1) from None
    os.write(sys.stdout.fileno(), _READY)
    sys.stdin.buffer.read()
    node.close()
    node_stopped()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
