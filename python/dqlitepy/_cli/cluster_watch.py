# SPDX-License-Identifier: Apache-2.0
"""Looks at a cluster again and again from a thread, and keeps what it saw, and what this node's log warned of."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic

import dqlitepy
from dqlitepy._cli.connections import in_order
from dqlitepy._cli.failure import Failure
from dqlitepy._cli.status import NobodyAnswers, Status, status_of

PERIOD = 2.0  # seconds between two looks
_PATIENCE = 2.0  # for each node to answer
_MOST_RATES = 150  # five minutes
_MOST_WARNINGS = 20
_MOST_TRANSACTIONS = 20


@dataclass(frozen=True)
class Warned:
    """A line of the log."""

    time: str
    level: str
    message: str


@dataclass(frozen=True)
class Seen:
    """What there is to show."""

    time: str  # of the look, as all times in UTC and ISO 8601
    status: Status
    leader_since: str | None  # when it was first seen to lead; None for no leader
    entries_per_second: list[float]  # of the log, the newest last
    connections: int | None = None  # to the leader; None where it does not tell
    transactions: list[dqlitepy.ConnectionInfo] = field(default_factory=list)  # that are open there


class Watch(logging.Handler):
    """Watches the cluster of a node, and the log, until `close`."""

    def __init__(self, node: dqlitepy.Node) -> None:
        """Begins to keep what the log warns of. Nobody is asked before `start`."""
        super().__init__(logging.WARNING)
        self._node = node
        self._warnings: deque[Warned] = deque(maxlen=_MOST_WARNINGS)
        self._rates: deque[float] = deque(maxlen=_MOST_RATES)
        self._before: tuple[float, int] | None = None  # when the log of the leader had how many entries
        self._leader: str | None = None
        self._since: str | None = None
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self.seen: Seen | None = None
        logging.getLogger("dqlitepy").addHandler(self)

    def start(self) -> None:
        """Begins to ask the nodes, of which this one must run."""
        self._thread.start()

    def close(self) -> None:
        """Ends it, also if a look is under way, which nobody waits for."""
        logging.getLogger("dqlitepy").removeHandler(self)
        self._stopped.set()
        super().close()

    def join(self) -> None:
        """Waits for the end of a look that was under way."""
        if self._thread.is_alive():
            self._thread.join()

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a line of the log."""
        self._warnings.append(Warned(_iso(record.created), record.levelname.lower(), record.getMessage()))

    def warnings(self) -> list[Warned]:
        """Returns the last lines, the newest first."""
        return list(self._warnings)[::-1]

    def _run(self) -> None:
        while not self._stopped.is_set():
            begun = monotonic()
            self.seen = self._look()
            self._stopped.wait(max(0.1, begun + PERIOD - monotonic()))

    def _look(self) -> Seen:
        now = _iso(datetime.now(UTC).timestamp())
        connections: list[dqlitepy.ConnectionInfo] | None = None
        try:
            client = dqlitepy.Client(self._node.servers, tls=self._node.tls, timeout=_PATIENCE)
            status, _ = status_of(client)
            connections = _connections_of(client, status.leader)
        except NobodyAnswers as error:
            status = Status(None, [], [], error.what)
        except (Failure, dqlitepy.Error, OSError, ValueError) as error:  # it goes on at the next look
            status = Status(None, [], [], str(error))
        if status.leader != self._leader:
            self._leader, self._since = status.leader, now if status.leader else None
        self._note_rate(max((member.last_index or 0 for member in status.members if not member.error), default=0))
        count = None if connections is None else len(connections)
        opened = [each for each in in_order(connections or []) if each.transaction_seconds is not None]
        return Seen(now, status, self._since, list(self._rates), count, opened[:_MOST_TRANSACTIONS])

    def _note_rate(self, entries: int) -> None:
        now = monotonic()
        if entries and self._before is not None:
            since, before = self._before
            self._rates.append(round(max(0, entries - before) / max(now - since, 0.001), 1))
        if entries:
            self._before = (now, entries)


def _connections_of(client: dqlitepy.Client, leader: str | None) -> list[dqlitepy.ConnectionInfo] | None:
    """Returns who is connected to the leader; None where nobody tells."""
    if leader is None:
        return None
    try:
        return client.connections(leader)
    except dqlitepy.Error:
        return None


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
