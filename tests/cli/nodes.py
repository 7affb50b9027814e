# SPDX-License-Identifier: Apache-2.0
"""Nodes that run as `dqlitepy node` does for an operator: each in a process of its own."""

from __future__ import annotations

import re
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import dqlitepy

from tests.cli.command import command, environment
from tests.support import HANG, free_address

LATENCY = "0.2"  # elections within 6 s, and none because the machine is busy


class NodeProcess:
    """One `dqlitepy node`."""

    def __init__(self, *arguments: str | Path, **more: str) -> None:
        self.process = subprocess.Popen(
            command("node", *arguments, "--network-latency", LATENCY),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment(**more),
        )
        self.ready_line = ""

    def wait_ready(self) -> re.Match[str]:
        """Waits for the line that says it is ready, and returns what the line says."""
        assert self.process.stdout is not None
        deadline = monotonic() + HANG
        while not self.ready_line.endswith("\n"):
            assert monotonic() < deadline, "the node does not become ready"
            if select.select([self.process.stdout], [], [], 1)[0]:
                part = self.process.stdout.readline().decode()
                assert part, f"the node ended: {self._errors()}"
                self.ready_line += part
        match = re.fullmatch(
            r"ready: (?P<address>\S+) \(id (?P<id>\d+), (?P<role>[a-z ]+)\)(, metrics on port (?P<metrics>\d+))?"
            r"(, page on port (?P<web>\d+))?\n",
            self.ready_line,
        )
        assert match, self.ready_line
        return match

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Sends a signal, waits for the end, and returns status and what was written since the node was ready."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=HANG)
        return self.process.returncode, output.decode(), errors.decode()

    def kill(self) -> None:
        """Ends the process as a power failure would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()


class ThreeNodes:
    """A cluster of three, in directories n1, n2, n3 below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.addresses = [free_address(f"127.0.0.{n}") for n in (1, 2, 3)]
        self.nodes: list[NodeProcess] = []
        for position in range(3):
            self.start(position)
        self.wait_for_votes()

    @property
    def servers(self) -> str:
        """All addresses, as commands want them."""
        return ",".join(self.addresses)

    def directory(self, position: int) -> Path:
        """Returns where a node keeps its data."""
        return self.folder / f"n{position + 1}"

    def start(self, position: int) -> None:
        """Starts one, for the first time or again, and waits until it is ready."""
        self.begin(position).wait_ready()

    def begin(self, position: int) -> NodeProcess:
        """Starts one and returns it, ready or not."""
        join = ["--join", self.addresses[0]] if position else []
        node = NodeProcess(self.directory(position), "--address", self.addresses[position], *join)
        self.nodes[position : position + 1] = [node]
        return node

    def wait_for_votes(self) -> None:
        """Waits until each has a vote, so that the cluster survives the loss of any one of them."""
        client = dqlitepy.Client(self.addresses, timeout=HANG)
        deadline = monotonic() + HANG
        while any(member.role is not dqlitepy.Role.VOTER for member in client.cluster()):
            assert monotonic() < deadline, client.cluster()
            sleep(0.02)

    def close(self) -> None:
        """Kills what still runs."""
        for node in self.nodes:
            node.kill()


@contextmanager
def three_nodes(folder: Path) -> Iterator[ThreeNodes]:
    """Yields a cluster of three."""
    cluster = ThreeNodes(folder)
    try:
        yield cluster
    finally:
        cluster.close()
