# SPDX-License-Identifier: Apache-2.0
"""What a node of this process knows and decides without ever waiting, for both ways of waiting; and its end at exit."""

from __future__ import annotations

import atexit
import os
import warnings
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple

from dqlitepy import errors
from dqlitepy._cluster.address import is_loopback, normalized
from dqlitepy._cluster.connections import connections_in
from dqlitepy._cluster.node_directory import check_open_segments, explained, make, open_segments
from dqlitepy._cluster.tasks import Question, Rows, ask, unsigned
from dqlitepy._native.abi import NodeOptions, Task, TaskOperation
from dqlitepy._native.arguments import milliseconds
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked, library
from dqlitepy._native.log import logger, node_stopped
from dqlitepy.members import ConnectionInfo, NodeInfo, NodeStats, Role
from dqlitepy.store import members_in, node_info
from dqlitepy.tls import NO_TLS, TLS, checked

_LONGEST_LATENCY = 3600.0
_LONGEST_IDLE = 1_000_000.0
# raft sends a follower all entries that it lacks in one message, and libuv refuses one of more than 1,048,576 parts.
_MOST_ENTRIES = 500_000
# How long a look at the node's state may take: it is asked itself, and where it does not know, others are.
_STATE_MS = 5000
# How long a node may take to hand over when the interpreter exits.
EXIT_SECONDS = 5.0


class State(NamedTuple):
    """What a node says of itself."""

    role: Role | None
    leader: NodeInfo | None
    term: int
    last_index: int


class NodeCore:
    """The state of a node, and what it is started and asked with."""

    _make_lock: ClassVar[Callable[[], Any]]  # of what starting and closing take turns by

    def __init__(
        self,
        directory: str | bytes | os.PathLike[str] | os.PathLike[bytes],
        *,
        address: str | None = None,
        bind: str | None = None,
        moved_from: str | None = None,
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
        snapshot_threshold_bytes: int = 32 << 20,
        snapshot_trailing_bytes: int = 32 << 20,
        snapshot_dynamic: bool = True,
        busy_timeout: float = 0.05,
        max_connections: int = 10_000,
        max_request_bytes: int = 512 << 20,
        wal_limit: int = 1 << 30,
        idle_transaction_timeout: float | None = None,
        auto_recovery: bool = False,
        bare: bool = False,
    ) -> None:
        """See the class."""
        self._directory = os.fsdecode(directory)
        if "\0" in self._directory:
            raise ValueError("embedded null character in the path of the directory")
        self._asked_address = None if address is None else normalized(address)
        self._bind = None if bind is None else normalized(bind)
        if moved_from is not None and address is None:
            raise ValueError(f"a node that has moved from {moved_from} needs the address= that it has now")
        joined = [join] if isinstance(join, str) else list(join)
        _check_range("id", 0 if id is None else id, 0 if id is None else 1, 2**64 - 1)
        _check_range("failure_domain", failure_domain, 0, 2**64 - 1)
        _check_range("voters", voters, 3, 2**31 - 1)
        _check_range("standbys", standbys, 0, 2**31 - 1)
        _check_range("snapshot_threshold", snapshot_threshold, 1, _MOST_ENTRIES)
        _check_range("snapshot_trailing", snapshot_trailing, max(4, snapshot_threshold), _MOST_ENTRIES)
        _check_range("snapshot_threshold_bytes", snapshot_threshold_bytes, 1, 2**63 - 1)
        _check_range("snapshot_trailing_bytes", snapshot_trailing_bytes, 1, 2**63 - 1)
        _check_range("max_connections", max_connections, 1, 2**31 - 1)
        _check_range("max_request_bytes", max_request_bytes, 1, 2**63 - 1)
        _check_range("wal_limit", wal_limit, 16 << 20, 2**63 - 1)
        if voters % 2 == 0:
            raise ValueError(
                f"voters must be odd, not {voters}: an even number survives no more failures than one less"
            )
        _check_seconds("network_latency", network_latency, _LONGEST_LATENCY)
        _check_seconds("idle_transaction_timeout", idle_transaction_timeout, _LONGEST_IDLE)
        if not roles_interval > 0:
            raise ValueError(f"roles_interval must be above 0 seconds, not {roles_interval}")
        self._tls = checked(tls)
        self._settings: dict[str, Any] = {
            "directory": os.fsencode(self._directory),
            "id": id or 0,
            "moved_from": ("" if moved_from is None else normalized(moved_from)).encode(),
            "join": "\n".join(map(normalized, joined)).encode(),
            "voters": voters,
            "standbys": standbys,
            "failure_domain": failure_domain,
            "network_latency_ms": milliseconds("network_latency", network_latency or 0),
            "roles_interval_ms": max(1, milliseconds("roles_interval", roles_interval)),
            "snapshot_threshold": snapshot_threshold,
            "snapshot_trailing": snapshot_trailing,
            "snapshot_threshold_bytes": snapshot_threshold_bytes,
            "snapshot_trailing_bytes": snapshot_trailing_bytes,
            "snapshot_dynamic": snapshot_dynamic,
            "busy_timeout_ms": milliseconds("busy_timeout", busy_timeout),
            "max_connections": max_connections,
            "max_request_bytes": max_request_bytes,
            "wal_limit": wal_limit,
            "idle_transaction_ms": milliseconds("idle_transaction_timeout", idle_transaction_timeout or 0),
            "auto_recovery": auto_recovery,
            "bare": bare,
        }
        self._turn = type(self)._make_lock()
        self._handle: Handle | None = None
        self._address = ""
        self._id = 0

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
    def tls(self) -> TLS | None:
        """The certificates that it was made with."""
        return self._tls

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of the nodes of the cluster that this one knew last, its own first."""
        others = [member.address for member in members_in(self._directory)]
        return tuple(dict.fromkeys([self.address, *others]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._directory!r}, address={self._address or self._asked_address!r})"

    def __del__(self) -> None:
        if forked is None:
            return  # Python itself ends, and has emptied its modules
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

    def _check_stopped(self) -> None:
        library()  # what is wrong with it must not come out on the log's thread
        if self.running:
            raise errors.ProgrammingError(f"the node in {self._directory!r} runs already")

    def _prepared(self) -> NodeOptions:
        """Makes the directory, and returns how to start the node; `_check_files` is to follow."""
        address = self._address_to_use()
        certificate, key, authority = NO_TLS if self._tls is None else self._tls.paths(address)
        if self._tls is None and not is_loopback(self._bind or address):
            _warn_about_missing_tls(address)
        make(self._directory)
        return NodeOptions(
            address=address.encode(),
            bind=(self._bind or "").encode(),
            tls_certificate=certificate,
            tls_key=key,
            tls_authority=authority,
            **self._settings,
        )

    def _has_files_to_check(self) -> bool:
        return not self._settings["auto_recovery"] and bool(open_segments(self._directory))

    def _check_files(self) -> None:
        """Looks for damage in what a crash left, some megabytes: not for event loops."""
        if self._has_files_to_check():
            check_open_segments(self._directory)

    def _explained(self, error: BaseException) -> BaseException:
        """Returns what to raise for a node that did not start. Reads its files: not for event loops."""
        return explained(error, self._directory) if isinstance(error, errors.OperationalError) else error

    def _note_start(self, handle: Handle) -> None:
        self._handle = handle
        _running.add(self)
        self._address = self._address_to_use()
        own = node_info(self._directory)
        self._id = own.id if own else 0

    def _take_handle(self) -> Handle | None:
        """Returns what is to be closed, and no longer owns it; None where the node does not run."""
        handle, self._handle = self._handle, None
        _running.discard(self)
        return handle

    def _note_missing_handover(self, error: errors.Error) -> None:
        logger.warning("%s: closing without a handover: %s", self._address, error)

    def _question(self, operation: TaskOperation, timeout: float) -> Question[None]:
        return Question(self._task(operation, milliseconds("timeout", timeout)), lambda _: None)

    def _state(self) -> Question[State]:
        return Question(self._task(TaskOperation.NODE_STATE, _STATE_MS), _state_in)

    def _connections(self) -> Question[list[ConnectionInfo]]:
        return Question(self._task(TaskOperation.NODE_CONNECTIONS, _STATE_MS), connections_in)

    def _task(self, operation: TaskOperation, timeout_ms: int) -> Task:
        if self._handle is None or not self._handle.number:
            raise errors.ProgrammingError(f"the node in {self._directory!r} does not run: start it first")
        return Task(node=self._handle.number, operation=operation, timeout_ms=timeout_ms)

    def _stats(self, state: State) -> NodeStats:
        """Returns what the node is and what it has on disk."""
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
        return NodeStats(
            *(self.id, self.address, state.role, state.leader),
            *(size, open_segments, closed_segments, snapshots, newest),
            *(state.term, state.last_index),
        )

    def _close_at_exit(self) -> None:
        if not self.running:  # released by its finalizer, and kept by the warning about that
            return
        try:
            ask(self._question(TaskOperation.NODE_HANDOVER, EXIT_SECONDS))
        except errors.Error as error:
            self._note_missing_handover(error)
        handle = self._take_handle()
        if handle is not None:
            try:
                handle.close()
            finally:
                node_stopped()


_running: weakref.WeakSet[NodeCore] = weakref.WeakSet()


def _close_all() -> None:
    """Closes what still runs when the interpreter exits, so that others take over at once."""
    if forked():
        return
    for node in list(_running):
        with suppress(errors.Error):
            node._close_at_exit()


atexit.register(_close_all)


def _state_in(rows: Rows) -> State:
    [(_, _, role, leader_id, leader, term, last_index)] = rows
    known = NodeInfo(unsigned(leader_id), leader) if leader else None
    return State(None if role is None else Role(role), known, unsigned(term), unsigned(last_index))


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not isinstance(value, int):
        raise TypeError(f"{name} must be int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {value}")


def _check_seconds(name: str, value: float | None, most: float) -> None:
    if value is not None and not 0.001 <= value <= most:
        raise ValueError(f"{name} must be from 0.001 to {most:g} seconds, not {value}")


def _warn_about_missing_tls(address: str) -> None:
    logger.warning(
        "the node at %s runs without TLS: whoever reaches that port can read, change and delete all data. "
        "Give it a certificate (tls=), or keep the network closed to others",
        address,
    )
