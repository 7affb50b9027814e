# SPDX-License-Identifier: Apache-2.0
"""Nodes of clusters on loopback addresses of this test's own: in processes that can be killed, or in this one."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dqlitepy

from tests.support import HANG, LOG, eventually, finish, free_address, python

# A leader is replaced after 3 to 6 s of silence. A busy machine makes none that long, so that only those leaders change
# whose nodes a test ends; such a test takes as long for each. At half of it some changed at a load of 20.
LATENCY = 0.2
ROLES_INTERVAL = 0.2

_NODE = f"""
import json, logging, sys
import dqlitepy

logging.basicConfig(format="{LOG}%(message)s")
options = json.loads(sys.argv[1])
tls = options.pop("tls")
with dqlitepy.Node(**options, tls=dqlitepy.TLS(*tls) if tls else None) as node:
    node.wait_ready(120)
    print("ready", flush=True)
    sys.stdin.read()
"""

_numbers = itertools.count(1)
_random = random.Random(os.urandom(8))
_network = f"127.{_random.randrange(16, 240)}.{_random.randrange(256)}"


def address() -> str:
    """Returns an address that no other test uses: tests run side by side, on one machine or each in a sandbox."""
    return free_address(f"{_network}.{next(_numbers) % 250 + 1}")


def addresses(count: int) -> list[str]:
    """Returns as many addresses."""
    return [address() for _ in range(count)]


def quick(**options: Any) -> dict[str, Any]:
    """Returns the arguments of a node that notices and mends within seconds."""
    return {"network_latency": LATENCY, "roles_interval": ROLES_INTERVAL, **options}


class NodeProcess:
    """A node that runs in a process of its own."""

    def __init__(self, directory: Path, at: str, *, join: Sequence[str] = (), **options: Any) -> None:
        self.directory = directory
        self.address = at
        self._options = {"tls": None, **quick(**options)}
        self._join = list(join)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts the process without waiting for the node."""
        options = {"directory": str(self.directory), "address": self.address, "join": self._join, **self._options}
        self._process = python(_NODE, json.dumps(options))

    def wait_ready(self) -> None:
        """Waits until the node is ready; AssertionError where it ends instead."""
        assert self._process is not None
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise AssertionError(f"{self.address} did not get ready: {self._process.communicate(timeout=HANG)}")

    def kill(self) -> str:
        """Ends the process as a power failure would and returns its log."""
        assert self._process is not None
        self._process.kill()
        log = self._process.communicate(timeout=HANG)[1]
        self._process = None
        return log

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def close(self) -> None:
        """Closes the node, which hands over first, and waits for the end; does nothing where it does not run."""
        if self._process is not None:
            process, self._process = self._process, None
            finish(process)

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process was started and not ended by us."""
        return self._process is not None


class Machines:
    """Three nodes or another number, in processes of their own. The first begins the cluster and the others join."""

    def __init__(self, folder: Path, count: int, **options: Any) -> None:
        self.addresses = addresses(count)
        self.nodes = [
            NodeProcess(folder / f"node{number}", at, join=self.addresses[:1] if number else [], **options)
            for number, at in enumerate(self.addresses)
        ]

    def __enter__(self) -> Machines:
        try:
            self.nodes[0].start()
            self.nodes[0].wait_ready()
            for node in self.nodes[1:]:
                node.start()
            for node in self.nodes[1:]:
                node.wait_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Ends all processes that run."""
        for node in self.nodes:
            if node.running:
                node.kill()

    def at(self, where: str) -> NodeProcess:
        """Returns the node with an address."""
        return next(node for node in self.nodes if node.address == where)

    def client(self) -> dqlitepy.Client:
        """Returns a client that knows all addresses."""
        return dqlitepy.Client(self.addresses, timeout=HANG)

    def connect(self, **options: Any) -> dqlitepy.Connection:
        """Connects to the database by all addresses."""
        options = {"leader_timeout": HANG, **options}
        con: dqlitepy.Connection = dqlitepy.connect(f"dqlite://{','.join(self.addresses)}/main", **options)
        return con


def voters(client: dqlitepy.Client) -> int:
    """Returns how many nodes have a vote."""
    return sum(node.role is dqlitepy.Role.VOTER for node in client.cluster())


def wait_for_voters(client: dqlitepy.Client, count: int) -> None:
    """Waits until so many nodes have a vote."""
    eventually(lambda: voters(client), lambda found: found == count)
