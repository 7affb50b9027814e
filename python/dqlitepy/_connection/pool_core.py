# SPDX-License-Identifier: Apache-2.0
"""What a pool knows and decides: who gets which connection, and which ones have to go.

It never waits, but for the lock of `PoolCore`, which nobody holds for long.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from operator import index
from time import monotonic
from typing import Generic, Protocol, TypeVar

from dqlitepy.errors import (
    AmbiguousCommitError,
    LeadershipLostError,
    NotLeaderError,
    OperationalError,
)

_C = TypeVar("_C", bound="Pooled")

# What tells that another node leads the cluster now.
_LEADER_IS_GONE = (AmbiguousCommitError, LeadershipLostError, NotLeaderError)
QUESTION = "SELECT 1"


class Member(Generic[_C]):
    """A connection of the pool."""

    __slots__ = ("connection", "generation", "idle_since", "leader")

    def __init__(self, connection: _C, generation: int, leader: bytes) -> None:
        self.connection = connection
        self.generation = generation
        self.idle_since = 0.0
        self.leader = leader  # the one that it found last


class Pooled(Protocol):
    """A connection of either kind."""

    def _leader_address(self) -> bytes: ...

    def _lend(self, position: int) -> None: ...

    def _told_position(self) -> int: ...


class WaiterCore(ABC, Generic[_C]):
    """A thread or task that waits for a connection; `_wake` ends the wait."""

    def __init__(self) -> None:
        self.member: Member[_C] | None = None  # None, once it waits no more: the right to open one
        self.refused = False  # the pool was closed

    def grant(self, member: Member[_C] | None) -> None:
        """Gives a connection, or with None the right to open one."""
        self.member = member
        self._wake()

    def refuse(self) -> None:
        """Ends the wait: the pool was closed."""
        self.refused = True
        self._wake()

    @abstractmethod
    def _wake(self) -> None:
        """Ends the waiting, on whatever thread, with the pool's lock held."""


class PoolCore(Generic[_C]):
    """The members of a pool and those who wait for one, first come, first served.

    Its lock is for threads. The tasks of an event loop never find it taken.
    """

    def __init__(self, min_size: int, max_size: int, timeout: float, max_idle: float, check_after: float) -> None:
        min_size, max_size = index(min_size), index(max_size)
        if not 0 <= min_size <= max_size or max_size < 1:
            raise ValueError(f"a pool cannot have from {min_size} to {max_size} connections")
        for name, seconds in ("timeout", timeout), ("max_idle", max_idle), ("check_after", check_after):
            if not seconds >= 0:
                raise ValueError(f"{name} must be 0 or more seconds, not {seconds}")
        self.min_size = min_size
        self.timeout = timeout
        self._max_size = max_size
        self._max_idle = max_idle
        self._check_after = check_after
        self.size = 0  # members, and those that are being opened
        self.generation = 0  # changes with the leader
        self._leader = b""  # the last one that a member found
        self._position = 0  # what the members have written and read, where their reads are local
        self.idle: deque[Member[_C]] = deque()  # the one that was used last is the last one
        self.waiting: deque[WaiterCore[_C]] = deque()
        self.closed = False
        self._lock = threading.Lock()

    def claim(self, waiter: WaiterCore[_C]) -> bool:
        """Grants a member, or the right to open one, at once or when it is the waiter's turn; returns which."""
        with self._lock:
            if self.closed:
                waiter.refuse()
            elif self.idle:
                waiter.grant(self.idle.pop())
            elif self.size < self._max_size:
                self.size += 1
                waiter.grant(None)
            else:
                self.waiting.append(waiter)
                return False
        return True

    def withdraw(self, waiter: WaiterCore[_C]) -> bool:
        """Takes a waiter out of the line; returns False if it is not in it, because it got its connection."""
        with self._lock:
            if waiter in self.waiting:
                self.waiting.remove(waiter)
                return True
            return False

    def abandon(self, waiter: WaiterCore[_C]) -> Member[_C] | None:
        """Takes a waiter that was interrupted out of the line; what it may have got goes to the next one.

        Returns:
            A member that nobody can use any more, for the caller to close and then to `leave` for.
        """
        if self.withdraw(waiter) or waiter.refused:
            return None
        if waiter.member is None:
            self.leave()
            return None
        return None if self.give_back(waiter.member) else waiter.member

    def joins(self, connection: _C) -> Member[_C]:
        """Makes a member of a connection that was opened by a right to open one."""
        leader = connection._leader_address()
        with self._lock:
            if leader:  # none is known before the leader is needed, where reads are local
                self.generation += self._leader not in (b"", leader)
                self._leader = leader
            return Member(connection, self.generation, leader)

    def look_at(self, member: Member[_C]) -> None:
        """Looks at a member that was in use: if it has found another leader by itself, the others are outdated."""
        leader = member.connection._leader_address()
        position = member.connection._told_position()
        with self._lock:
            self._position = max(self._position, position)
            if leader not in (b"", member.leader):
                member.leader = leader
                if leader != self._leader:  # otherwise another one has told already
                    self.generation += 1
                    self._leader = leader
                member.generation = self.generation

    def lend(self, member: Member[_C]) -> None:
        """Lets a member see what the others have written and read: who has a pool does not know which is which."""
        member.connection._lend(self._position)

    def is_outdated(self, member: Member[_C]) -> bool:
        """Whether the leader changed since the connection was opened, or the pool is closed."""
        return self.closed or member.generation != self.generation

    def is_doubtful(self, member: Member[_C]) -> bool:
        """Whether the connection has to be tested before it is given out."""
        return monotonic() - member.idle_since >= self._check_after

    def note(self, error: BaseException) -> None:
        """Looks at what ended the use of a connection: without its leader, all connections are to be renewed."""
        if isinstance(error, _LEADER_IS_GONE):
            with self._lock:
                self.generation += 1

    def give_back(self, member: Member[_C]) -> bool:
        """Gives a healthy member to the longest waiter, or lets it idle; returns False if it is outdated."""
        with self._lock:
            if self.is_outdated(member):
                return False
            member.idle_since = monotonic()
            if self.waiting:
                self.waiting.popleft().grant(member)
            else:
                self.idle.append(member)
            return True

    def leave(self) -> None:
        """Notes that a member is gone, or could not be opened; the longest waiter may open another one."""
        with self._lock:
            if self.waiting:
                self.waiting.popleft().grant(None)
            else:
                self.size -= 1

    def superfluous(self) -> list[Member[_C]]:
        """Takes out the members that have not been needed for long, for the caller to close."""
        found = []
        with self._lock:
            while self.size > self.min_size and self.idle and monotonic() - self.idle[0].idle_since >= self._max_idle:
                found.append(self.idle.popleft())
                self.size -= 1
        return found

    def close(self) -> list[Member[_C]]:
        """Refuses all who wait and takes out the members that idle, for the caller to close."""
        with self._lock:
            self.closed = True
            idle = list(self.idle)
            self.idle.clear()
            self.size -= len(idle)
            while self.waiting:
                self.waiting.popleft().refuse()
        return idle

    def too_late(self, timeout: float) -> OperationalError:
        """Returns what is raised where no connection became free in time."""
        return OperationalError(
            f"no connection of the pool became free within {timeout:g} s: all {self._max_size} are in use. "
            "Hold connections for a shorter time, or raise max_size"
        )
