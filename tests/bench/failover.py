# SPDX-License-Identifier: Apache-2.0
"""How long nothing is written when a cluster changes its leader: three nodes, each in a process as operators run it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter, sleep

import dqlitepy

from tests.bench.workloads import THREE_PROCESSES
from tests.support import HANG, free_address, python

_ACKNOWLEDGED_BEFORE = 100  # writes, after which the leader goes
_LOOK = 0.001  # seconds between two looks at what the writer has done

_NODE = """
import runpy, sys

sys.argv[1:1] = ["node"]
runpy.run_module("dqlitepy", run_name="__main__", alter_sys=True)
"""


class ThreeProcesses:
    """dqlitepy, with a cluster of three nodes in processes of their own; each run makes a new one, and ends it."""

    name = THREE_PROCESSES

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def run(self, sql: str) -> None:
        """Does nothing: its clusters have a table of their own."""

    def close(self) -> None:
        """Does nothing: no cluster outlives its run."""

    def failover(self, *options: str) -> list[float]:
        """Kills the leader as a power failure would."""
        return [self._without_leader(signal.SIGKILL, options)]

    def handover(self, *options: str) -> list[float]:
        """Stops the leader on purpose."""
        return [self._without_leader(signal.SIGTERM, options)]

    def _without_leader(self, number: signal.Signals, options: tuple[str, ...]) -> float:
        with TemporaryDirectory(prefix="cluster-", dir=self._directory) as folder, ExitStack() as stack:
            nodes = _start(Path(folder), options, stack)
            client = dqlitepy.Client(nodes, timeout=HANG)
            _await_voters(client, len(nodes))
            writer = Writer(list(nodes))
            stack.callback(writer.stop)
            writer.await_writes(_ACKNOWLEDGED_BEFORE)
            leader = nodes[client.leader().address]
            begin = perf_counter()
            leader.send_signal(number)
            leader.wait(HANG)
            writer.await_write_after(perf_counter())
            writer.stop()
            writer.check()
            return writer.longest_pause(begin)


class Writer:
    """Inserts numbers over one connection with default settings, which simply goes on, on a thread of its own."""

    def __init__(self, servers: list[str]) -> None:
        self._url = f"dqlite://{','.join(servers)}/main"
        self._times: list[tuple[float, float]] = []  # of each acknowledged write, beginning and end
        self._acknowledged: list[int] = []
        self._unknown: set[int] = set()
        self._failure: BaseException | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def await_writes(self, count: int) -> None:
        """Waits until so many writes are acknowledged."""
        self._await(lambda: len(self._times) >= count)

    def await_write_after(self, moment: float) -> None:
        """Waits until a write is acknowledged that began after a moment."""
        self._await(lambda: self._times[-1][0] > moment)

    def stop(self) -> None:
        """Ends the thread, once the write under way is known to be there or not."""
        self._stopping = True
        self._thread.join()

    def longest_pause(self, begin: float) -> float:
        """Returns the longest time after a moment in which no write was acknowledged."""
        ends = [begin, *(end for _, end in self._times if end > begin)]
        return max(later - earlier for earlier, later in pairwise(ends))

    def check(self) -> None:
        """AssertionError where an acknowledged write is lost, or any is there twice."""
        con = dqlitepy.connect(self._url)
        try:
            stored = Counter(number for (number,) in con.execute("SELECT n FROM written"))
        finally:
            con.close()
        lost = [number for number in self._acknowledged if number not in stored]
        invented = stored.keys() - set(self._acknowledged) - self._unknown
        doubled = [number for number, count in stored.items() if count > 1]
        assert not (lost or invented or doubled), f"lost {lost}, invented {invented}, doubled {doubled}"

    def _await(self, condition: Callable[[], bool]) -> None:
        deadline = monotonic() + HANG
        while not condition():
            if self._failure is not None:
                raise self._failure
            assert monotonic() < deadline, "no write is acknowledged any more"
            sleep(_LOOK)

    def _work(self) -> None:
        try:
            con = dqlitepy.connect(self._url)
            try:
                while True:
                    with suppress(dqlitepy.AmbiguousCommitError):  # an election that only a busy machine made
                        con.execute("CREATE TABLE IF NOT EXISTS written (n INTEGER)")
                        break
                number = 0
                while not self._stopping:
                    self._write(con, number)
                    number += 1
            finally:
                con.close()
        except BaseException as failure:
            self._failure = failure

    def _write(self, con: dqlitepy.Connection, number: int) -> None:
        while True:
            begin = perf_counter()
            try:
                con.execute("INSERT INTO written VALUES (?)", (number,))
                con.commit()
            except dqlitepy.LeadershipLostError:  # nothing of the transaction was committed
                continue
            except dqlitepy.AmbiguousCommitError:
                self._unknown.add(number)
                return
            self._acknowledged.append(number)
            self._times.append((begin, perf_counter()))
            return


def _start(folder: Path, options: tuple[str, ...], stack: ExitStack) -> dict[str, subprocess.Popen[str]]:
    nodes: dict[str, subprocess.Popen[str]] = {}
    addresses = [free_address() for _ in range(3)]
    for address in addresses:
        join = ["--join", addresses[0]] if nodes else []
        name = str(folder / address.replace(":", "-"))
        nodes[address] = node = python(_NODE, name, "--address", address, *join, *options)
        stack.callback(_end, node)
        assert node.stdout is not None
        if not node.stdout.readline().startswith("ready"):
            raise AssertionError(f"the node at {address} did not get ready: {node.communicate(timeout=HANG)}")
    return nodes


def _end(node: subprocess.Popen[str]) -> None:
    node.kill()
    node.communicate()


def _await_voters(client: dqlitepy.Client, count: int) -> None:
    deadline = monotonic() + HANG
    while sum(member.role is dqlitepy.Role.VOTER for member in client.cluster()) < count:
        assert monotonic() < deadline, "not all nodes get a vote"
        sleep(0.01)
