# SPDX-License-Identifier: Apache-2.0
"""A node of a cluster, in this process."""

from __future__ import annotations

import atexit
import os
import threading
import warnings
import weakref
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, Self

from dqlitepy import errors
from dqlitepy._abi import NodeOptions, Task, TaskOperation
from dqlitepy._address import is_loopback, normalized
from dqlitepy._core import milliseconds
from dqlitepy._directory import check_open_segments, explained, make
from dqlitepy._handle import Handle
from dqlitepy._library import forked, library
from dqlitepy._log import logger, node_started, node_stopped
from dqlitepy._operations import StartNode
from dqlitepy._tasks import run_task, unsigned
from dqlitepy.client import Client
from dqlitepy.members import NodeInfo, NodeStats, Role
from dqlitepy.store import members_in, node_info
from dqlitepy.tls import NO_TLS, TLS

_LONGEST_LATENCY = 3600.0
# How long a look at the node's state may take: it is asked itself, and where it does not know, others are.
_STATE_MS = 5000
# How long a node may take to hand over when the interpreter exits.
EXIT_SECONDS = 5.0


class Node:
    """A node of a cluster that runs in this process from `start` to `close`.

    Three nodes on three machines keep going when any one of them fails:

        with dqlitepy.Node("data/", address="10.0.0.2:9000", join=["10.0.0.1:9000"], tls=tls) as node:
            node.wait_ready()
            con = dqlitepy.connect(node)

    The first one is started without `join`. A directory remembers whose it is, so `join` counts only once and may
    remain in a service's configuration. The directory of an embedded database (`connect("data/")`) becomes, with
    all its rows, the first node of a cluster when it is started with an address.

    Args:
        directory: where the node keeps its data; made (mode 0700) if it does not exist.
        address: "host:port" by which the other nodes and clients reach this one; without a port it is 9000. It cannot
            be changed later. None for the one that the directory remembers.
        join: addresses of nodes of the cluster to join. Empty for the first node of a cluster.
        id: None for a new one, or what the directory remembers.
        tls: None for no encryption: then whoever reaches the port owns the data.
        voters: how many nodes should have a vote: odd, at least 3, the same on all nodes.
        standbys: how many more should have the data, to replace a voter quickly.
        failure_domain: nodes that fail together, say those of one rack, have the same number; voters are spread.
        network_latency: seconds that a message takes at most from node to node, 0.001 to 3600. The leader shows itself
            every 1.5 times that, and is replaced after silence of 15 to 30 times that. None for dqlite's own: 0.5 s,
            and 3 to 6 s.
        roles_interval: seconds between two looks of the leader at who has which role.
        snapshot_threshold: entries of the log between two snapshots.
        snapshot_trailing: entries kept behind a snapshot, so that a node which was away for a while need not fetch it.
        snapshot_dynamic: whether to keep fewer where the snapshot is small.
        busy_timeout: seconds for which the server itself queues a writer behind another. Clients of dqlitepy wait on
            their own, for as long as their `timeout` says.
        auto_recovery: whether to delete damaged files at start rather than refuse to: can lose data.
        bare: whether to leave joining and roles to others (`Client.add`, `Client.assign`).

    Raises:
        TypeError, ValueError: an argument cannot be right.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        address: str | None = None,
        join: Iterable[str] = (),
        id: int | None = None,
        tls: TLS | None = None,
        voters: int = 3,
        standbys: int = 3,
        failure_domain: int = 0,
        network_latency: float | None = None,
        roles_interval: float = 30.0,
        snapshot_threshold: int = 512,
        snapshot_trailing: int = 1024,
        snapshot_dynamic: bool = True,
        busy_timeout: float = 0.0,
        auto_recovery: bool = False,
        bare: bool = False,
    ) -> None:
        """See the class."""
        self._directory = os.fspath(directory)
        if "\0" in self._directory:
            raise ValueError("embedded null character in the path of the directory")
        self._asked_address = None if address is None else normalized(address)
        joined = [join] if isinstance(join, str) else list(join)
        _check_range("id", 0 if id is None else id, 0 if id is None else 1, 2**64 - 1)
        _check_range("failure_domain", failure_domain, 0, 2**64 - 1)
        _check_range("voters", voters, 3, 2**31 - 1)
        _check_range("standbys", standbys, 0, 2**31 - 1)
        _check_range("snapshot_threshold", snapshot_threshold, 1, 2**31 - 1)
        _check_range("snapshot_trailing", snapshot_trailing, max(4, snapshot_threshold), 2**31 - 1)
        if voters % 2 == 0:
            raise ValueError(
                f"voters must be odd, not {voters}: an even number survives no more failures than one less"
            )
        if network_latency is not None and not 0.001 <= network_latency <= _LONGEST_LATENCY:
            raise ValueError(
                f"network_latency must be from 0.001 to {_LONGEST_LATENCY:g} seconds, not {network_latency}"
            )
        if not roles_interval > 0:
            raise ValueError(f"roles_interval must be above 0 seconds, not {roles_interval}")
        self._tls = tls
        self._settings: dict[str, Any] = {
            "directory": os.fsencode(self._directory),
            "id": id or 0,
            "join": "\n".join(map(normalized, joined)).encode(),
            "voters": voters,
            "standbys": standbys,
            "failure_domain": failure_domain,
            "network_latency_ms": 0 if network_latency is None else milliseconds("network_latency", network_latency),
            "roles_interval_ms": max(1, milliseconds("roles_interval", roles_interval)),
            "snapshot_threshold": snapshot_threshold,
            "snapshot_trailing": snapshot_trailing,
            "snapshot_dynamic": snapshot_dynamic,
            "busy_timeout_ms": milliseconds("busy_timeout", busy_timeout),
            "auto_recovery": auto_recovery,
            "bare": bare,
        }
        self._turn = threading.RLock()  # starting and closing take turns
        self._handle: Handle | None = None
        self._address = ""
        self._id = 0

    def start(self) -> Self:
        """Starts the node and returns it: its data has been read, and `wait_ready` waits for the cluster.

        Raises:
            OperationalError: the directory, the address or the certificate cannot be used, or the directory belongs to
                another node or address, or is in use.
            ProgrammingError: it runs already.
        """
        library()  # what is wrong with it must not come out on the log's thread
        with self._turn:
            if self.running:
                raise errors.ProgrammingError(f"the node in {self._directory!r} runs already")
            address = self._address_to_use()
            certificate, key, authority = NO_TLS if self._tls is None else self._tls.pem(address)
            if self._tls is None and not is_loopback(address):
                _warn_about_missing_tls(address)
            make(self._directory)
            if not self._settings["auto_recovery"]:
                check_open_segments(self._directory)
            options = NodeOptions(
                address=address.encode(),
                tls_certificate=certificate,
                tls_key=key,
                tls_authority=authority,
                **self._settings,
            )
            node_started()
            try:
                self._handle = Handle.open(StartNode(options))
            except BaseException as error:
                node_stopped()
                if isinstance(error, errors.OperationalError):
                    raise explained(error, self._directory) from None
                raise
            _running.add(self)
            self._address = address
            own = node_info(self._directory)
            self._id = own.id if own else 0
        return self

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Waits until the node is a member of its cluster, has the role to begin with, and the cluster has a leader.

        Args:
            timeout: seconds.

        Raises:
            OperationalError: the time was up; the message says what is missing.
        """
        self._run(TaskOperation.NODE_READY, milliseconds("timeout", timeout))

    def handover(self, timeout: float = 60.0) -> None:
        """Gives the node's duties to others, so that closing it interrupts nobody.

        They are its leadership, and its vote if another node can take it. Does nothing where no other node is there.

        Args:
            timeout: seconds.

        Raises:
            OperationalError: no other node took them in time.
        """
        self._run(TaskOperation.NODE_HANDOVER, milliseconds("timeout", timeout))

    def close(self, *, handover: bool = True, timeout: float = 10.0) -> None:
        """Stops the node. Closing a closed one does nothing, as in a forked child.

        Args:
            handover: whether to hand over first; where that fails the log says so, and the node stops all the same.
            timeout: seconds that handing over may take.

        Raises:
            OperationalError: it did not stop cleanly; it is stopped all the same.
        """
        if forked():
            return
        with self._turn:
            handle = self._handle
            if handle is None or not handle.number:
                return
            if handover:
                try:
                    self.handover(timeout)
                except errors.Error as error:
                    logger.warning("%s: closing without a handover: %s", self._address, error)
            self._handle = None
            _running.discard(self)
            try:
                handle.close()
            finally:
                node_stopped()

    def __enter__(self) -> Self:
        """Starts the node, unless it runs already."""
        if not self.running:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Closes the node."""
        self.close()
        return False

    @property
    def running(self) -> bool:
        """Whether it was started and not closed."""
        return self._handle is not None and bool(self._handle.number)

    @property
    def directory(self) -> str:
        """Where the node keeps its data."""
        return self._directory

    @property
    def address(self) -> str:
        """The "host:port" by which others reach it."""
        return self._address or self._address_to_use()

    @property
    def id(self) -> int:
        """Its number in the cluster; ProgrammingError before the first start."""
        if self._id:
            return self._id
        own = node_info(self._directory)
        if own is None:
            raise errors.ProgrammingError("the node has no id before its first start")
        return own.id

    @property
    def role(self) -> Role | None:
        """What it does in the cluster; None while it is no member."""
        return self._state()[0]

    @property
    def leader(self) -> NodeInfo | None:
        """The node that leads the cluster; None while none is known."""
        return self._state()[1]

    @property
    def tls(self) -> TLS | None:
        """What it was made with."""
        return self._tls

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of the nodes of the cluster that this one knew last, its own first."""
        others = [member.address for member in members_in(self._directory)]
        return tuple(dict.fromkeys([self.address, *others]))

    def client(self, timeout: float = 5.0) -> Client:
        """Returns a client of the cluster; `timeout` in seconds is that of its calls."""
        return Client(self.servers, tls=self._tls, timeout=timeout)

    def stats(self) -> NodeStats:
        """Returns what the node is and what it has on disk at this moment."""
        role, leader = self._state()
        size = open_segments = closed_segments = snapshots = newest = 0
        for entry in os.scandir(self._directory):
            with suppress(FileNotFoundError):  # deleted by now
                size += entry.stat().st_blocks * 512
            if entry.name.startswith("open-"):
                open_segments += 1
            elif entry.name.startswith("snapshot-"):
                if not entry.name.endswith(".meta"):
                    snapshots += 1
                    newest = max(newest, int(entry.name.split("-")[2]))
            elif entry.name.replace("-", "").isdigit():
                closed_segments += 1
        return NodeStats(self.id, self.address, role, leader, size, open_segments, closed_segments, snapshots, newest)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._directory!r}, address={self._address or self._asked_address!r})"

    def __del__(self) -> None:
        handle = getattr(self, "_handle", None)
        if handle is not None and handle.number and not forked():
            handle.release()
            warnings.warn(f"unclosed node {self!r}", ResourceWarning, stacklevel=1, source=self)

    def _address_to_use(self) -> str:
        if self._asked_address is not None:
            return self._asked_address
        own = node_info(self._directory)
        if own is None or ":" not in own.address:
            raise errors.ProgrammingError(
                f"the node in {self._directory!r} needs an address by which the others reach it, such as 10.0.0.1:9000"
            )
        return own.address

    def _state(self) -> tuple[Role | None, NodeInfo | None]:
        [(_, _, role, leader_id, leader)] = self._run(TaskOperation.NODE_STATE, _STATE_MS)
        known = NodeInfo(unsigned(leader_id), leader) if leader else None
        return None if role is None else Role(role), known

    def _run(self, operation: TaskOperation, timeout_ms: int) -> list[tuple[Any, ...]]:
        handle = self._handle
        if handle is None or not handle.number:
            raise errors.ProgrammingError(f"the node in {self._directory!r} does not run: start it first")
        return run_task(Task(node=handle.number, operation=operation, timeout_ms=timeout_ms))


_running: weakref.WeakSet[Node] = weakref.WeakSet()


def _close_all() -> None:
    """Closes what still runs when the interpreter exits, so that others take over at once."""
    for node in list(_running):
        with suppress(errors.Error):
            node.close(timeout=EXIT_SECONDS)


atexit.register(_close_all)


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int):
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {value}")


def _warn_about_missing_tls(address: str) -> None:
    logger.warning(
        "the node at %s runs without TLS: whoever reaches that port can read, change and delete all data. "
        "Give it a certificate (tls=), or keep the network closed to others",
        address,
    )
