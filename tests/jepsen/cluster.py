# SPDX-License-Identifier: Apache-2.0
"""The nodes of a run: processes that are started, killed, suspended and asked."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import dqlitepy

from tests.jepsen.child import Child
from tests.jepsen.clients import Plan
from tests.jepsen.disk.mount import Disk
from tests.jepsen.namespaces import use_names
from tests.jepsen.relays import Relays

_PORT = 9000
_START_SECONDS = 60.0
_REFUSED = 3  # the status of a node's process that does not start
_REMOVED = "is not a member of its cluster any more"


@dataclass
class Member:
    """One node: its process, and what the run does with it."""

    number: int
    name: str
    directory: Path
    disk: Disk | None = None
    process: Child | None = None
    generation: int = 0
    sound_at: int = 0  # how often its disk had begun to fail when its process started; -1 where it was failing
    suspended: bool = False
    held: bool = False  # nobody may start it: it is about to leave the cluster
    leaving: bool = False  # its removal was asked for, so that it may find itself removed
    plans: list[Plan] = field(default_factory=list)  # of the clients inside its process

    def note_disk(self) -> None:
        """Remembers how its disk is when its process starts."""
        self.sound_at = 0 if self.disk is None else -1 if self.disk.failing else self.disk.failures

    @property
    def refused_by_disk(self) -> bool:
        """Whether its process did not start while its disk failed. It may then say so, and end."""
        failed = self.disk is not None and self.disk.failures != self.sound_at
        return failed and self.process is not None and self.process.status == _REFUSED

    @property
    def running(self) -> bool:
        """Whether its process is there and not suspended."""
        return self.process is not None and self.process.status is None and not self.suspended


class Cluster:
    """As many nodes, with relays between them, in the namespaces of this process."""

    def __init__(
        self, folder: Path, count: int, *, tls: bool, disks: bool, prepared: bool, relays: bool, options: dict[str, Any]
    ) -> None:
        self.folder, self._options, self._prepared = folder, options, prepared
        self.members = [Member(number, f"node-{number}", folder / f"node-{number}") for number in range(count)]
        self.addresses = [f"{member.name}:{_PORT}" for member in self.members]
        self.url = f"dqlite://{','.join(self.addresses)}/main"
        self.history = folder / "history"
        self.history.mkdir()
        self.deaths: list[str] = []
        self._lock = threading.RLock()
        self.relays = Relays(count, _own, _between, _PORT) if relays else None
        use_names(folder / "hosts", {member.name: _own(member.number) for member in self.members}, own_mounts=False)
        self.tls = self._make_tls() if tls else None
        for member in self.members:
            member.directory.mkdir(mode=0o700)
            if disks:
                member.disk = Disk(member.directory, folder / f"disk-{member.number}.err")
            if prepared:
                _prepare(member.directory)

    def _make_tls(self) -> dqlitepy.TLS:
        dqlitepy.make_certificates(self.folder / "tls", [",".join(member.name for member in self.members)])
        stem = str(self.folder / "tls" / self.members[0].name)
        return dqlitepy.TLS(f"{stem}.pem", f"{stem}.key", self.folder / "tls" / "ca.pem")

    @property
    def tls_paths(self) -> list[str] | None:
        """The files of TLS as they cross to other processes."""
        return [str(self.tls.cert), str(self.tls.key), str(self.tls.ca)] if self.tls else None

    def start(self) -> None:
        """Starts all nodes; the first begins the cluster. AssertionError where that does not work without faults."""
        if self.relays is not None:
            self.relays.start()
        for member in self.members:
            self.launch(member.number)
            if member.number == 0:
                self._await_ready(member)
        for member in self.members[1:]:
            self._await_ready(member)
        deadline = monotonic() + _START_SECONDS
        while sum(node.role is dqlitepy.Role.VOTER for node in self.client(30).cluster()) < len(self.members):
            assert monotonic() < deadline, "the nodes do not all become voters"
            sleep(0.05)

    def _await_ready(self, member: Member) -> None:
        assert member.process is not None
        answer = member.process.hear("ready", "not_ready", "failed", timeout=_START_SECONDS)
        assert answer is not None and "ready" in answer, f"{member.name}: {answer} {member.process.tail()}"

    def launch(self, number: int) -> None:
        """Starts the process of a node without waiting for it."""
        member = self.members[number]
        names = {other.name: _between(number, other.number) for other in self.members}
        names[member.name] = _own(number)
        joins = number > 0 or member.generation > 0
        settings = {
            "hosts": str(self.folder / f"hosts-{number}"),
            "names": names if self.relays is not None else None,
            "tls": self.tls_paths,
            "folder": str(self.history),
            "generation": f"g{member.generation}",
            "options": {
                "directory": str(member.directory / "data"),
                "address": self.addresses[number],
                # The first node begins the cluster, once: one that comes again with an empty directory joins it.
                "join": [address for address in self.addresses if address != self.addresses[number]] if joins else [],
                **self._options,
            },
        }
        member.generation += 1
        member.suspended = False
        member.note_disk()
        member.process = Child("node", settings, self.folder / f"node-{number}.err")

    def work(self, plans: Mapping[int, Sequence[Plan]]) -> None:
        """Starts clients inside the nodes' processes; they begin again whenever the node does."""
        for number, own in plans.items():
            member = self.members[number]
            member.plans = list(own)
            if member.process is not None:
                self._say_plans(member)

    def no_more_work(self) -> None:
        """Nodes that are started from now on have no clients inside, which would write while the end is looked at."""
        with self._lock:
            for member in self.members:
                member.plans = []

    @staticmethod
    def _say_plans(member: Member) -> None:
        if member.plans and member.process is not None:
            member.process.say(work=[plan.as_json() for plan in member.plans])

    def kill(self, numbers: Sequence[int]) -> None:
        """Ends nodes as kill -9 does, all at once."""
        for number in numbers:
            member = self.members[number]
            if member.process is not None:
                self._note_death(member)
                member.process.kill()
                member.process = None
                member.suspended = False

    def cut_power(self, numbers: Sequence[int], keep: float, seed: int) -> None:
        """Kills nodes and lets their disks forget what was not synced (keep: the share that survives by chance)."""
        self.kill(numbers)
        for number in numbers:
            disk = self.members[number].disk
            if disk is not None:
                disk.cut_power(keep, seed + number)

    def restart(self, number: int) -> None:
        """Starts a node that does not run, with the clients inside it."""
        member = self.members[number]
        with self._lock:
            if member.process is None and not member.held:
                self.launch(number)
                self._say_plans(member)

    def replace(self, number: int) -> None:
        """Starts a node that has left the cluster, as a new one."""
        member = self.members[number]
        self.kill([number])
        deadline = monotonic() + _START_SECONDS
        while True:
            try:
                shutil.rmtree(member.directory / "data", ignore_errors=True)
                _sync(member.directory)  # or a power cut would bring the old member back
                if self._prepared:
                    _prepare(member.directory)
                break
            except OSError:  # another crew has its disk fail; nobody begins with such a one
                if monotonic() > deadline:
                    raise
                sleep(0.1)
        member.held = member.leaving = False
        self.restart(number)

    def suspend(self, numbers: Sequence[int]) -> None:
        """Stops processes without ending them."""
        for number in numbers:
            member = self.members[number]
            if member.process is not None and member.process.status is None:
                member.process.signal(signal.SIGSTOP)
                member.suspended = True

    def resume(self, numbers: Sequence[int]) -> None:
        """Lets suspended processes go on."""
        for number in numbers:
            member = self.members[number]
            if member.process is not None and member.suspended:
                with suppress(OSError):
                    member.process.signal(signal.SIGCONT)
                member.suspended = False

    def bury(self) -> None:
        """Notes the nodes that ended without being told to, and starts them again."""
        for member in self.members:
            process = member.process
            if process is None or process.status is None or member.held:
                continue
            if member.leaving and process.status == _REFUSED and _REMOVED in process.tail():
                self.replace(member.number)
                continue
            self._note_death(member)
            member.process = None
            self.restart(member.number)

    def _note_death(self, member: Member) -> None:
        process = member.process
        if process is not None and process.status is not None and not member.held and not member.refused_by_disk:
            why = process.failure or reason(process.tail(6000))
            text = f"{member.name} ended with status {process.status}: {why}"
            if text not in self.deaths:  # one that cannot start is tried again and again
                self.deaths.append(text)

    def heal(self) -> None:
        """Ends all faults: every node runs and reaches every other."""
        if self.relays is not None:
            self.relays.heal()
        for member in self.members:
            if member.disk is not None:
                member.disk.heal()
        self.resume([member.number for member in self.members])
        for member in self.members:
            member.held = False
        self.bury()
        for member in self.members:
            self.restart(member.number)

    def not_ready(self) -> list[str]:
        """Returns the names of the nodes that are not ready yet."""
        return [member.name for member in self.members if member.process is None or not member.process.ready]

    def last_entries(self) -> dict[str, int | None]:
        """Returns how far the log of each node goes that answers."""
        client = self.client()
        found = {}
        for address in self.addresses:
            with suppress(dqlitepy.Error):
                found[address] = client.describe(address).last_index
        return found

    def close(self, timeout: float) -> list[str]:
        """Closes all nodes at once and returns what went wrong with whom."""
        members = [(member, process) for member in self.members if (process := member.process) is not None]
        for _, process in members:
            process.release()
        wrong = []
        for member, process in members:
            status = process.finish(timeout)
            if status != 0:
                said = "hangs" if status is None else f"ends with status {status}"
                wrong.append(f"{member.name}, closed, {said}: {reason(process.tail(6000))}")
            member.process = None
        return wrong

    def client(self, timeout: float = 5.0) -> dqlitepy.Client:
        """Returns a client that knows all addresses."""
        return dqlitepy.Client(self.addresses, tls=self.tls, timeout=timeout)

    def leader(self, timeout: float = 3.0) -> int | None:
        """Returns the number of the leader; None where none is found in time."""
        try:
            return self.addresses.index(self.client(timeout).leader().address)
        except dqlitepy.Error:
            return None

    def connect(self, **options: Any) -> dqlitepy.Connection:
        """Connects to the database."""
        con: dqlitepy.Connection = dqlitepy.connect(self.url, isolation_level=None, tls=self.tls, **options)
        return con

    def stop(self, *, keep: bool) -> None:
        """Ends everything; keep: what is on the nodes' disks in memory is copied, for whoever looks for a cause."""
        for member in self.members:
            if member.process is not None:
                member.process.kill()
            if member.disk is not None:
                if keep:
                    with suppress(OSError):
                        shutil.copytree(member.directory, self.folder / f"{member.name}-copy")
                member.disk.close()
        if self.relays is not None:
            self.relays.stop()


def _prepare(directory: Path) -> None:
    (directory / "data").mkdir(mode=0o700, exist_ok=True)
    _sync(directory)


def _sync(directory: Path) -> None:
    above = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(above)
    os.close(above)


def reason(log: str) -> str:
    """Returns the line of a log that says how the process died."""
    found = re.findall(r"\w+\.c:\d+: .*Assertion .*", log)
    if found:
        return str(found[-1])[:200]
    fatal = re.findall(
        r"(?:Fatal Python error|SIG[A-Z]+:|panic:|fatal error:|free\(\)|malloc|double free|corrupted).*", log
    )
    return str(fatal[0])[:200] if fatal else log[-300:]


def _own(number: int) -> str:
    return f"127.0.0.{11 + number}"


def _between(source: int, target: int) -> str:
    return f"127.1.{source}.{11 + target}"
