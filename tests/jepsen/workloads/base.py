# SPDX-License-Identifier: Apache-2.0
"""What a workload is: tables, operations drawn by chance, and a checker of their history.

The statements of an operation are a generator that yields (SQL, parameters) and is sent the rows. So one text serves
threads, pools and event loops.
"""

from __future__ import annotations

import random
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar

from tests.jepsen.history import Operation, Violation

Rows = list[Any]
Body = Callable[[], Generator[tuple[str, Sequence[Any]], Rows, Any]]

READ = "read"  # one statement that only reads
WRITE = "write"  # one statement that commits by itself
TRANSACTION = "transaction"  # BEGIN IMMEDIATE ... COMMIT
SNAPSHOT = "snapshot"  # BEGIN ... COMMIT that only reads
CURSOR = "cursor"  # one SELECT, of which the rest is fetched later


@dataclass
class Step:
    """An operation before it is sent."""

    f: str
    value: Any
    kind: str
    body: Body
    tags: dict[str, Any] = field(default_factory=dict)
    hold: float = 0.0  # seconds between the first rows of a CURSOR and the rest


class Chance:
    """What a worker draws from: its seed, its name, and the time that all workers share."""

    def __init__(self, seed: int, worker: str) -> None:
        self.random = random.Random(f"{seed} {worker}")  # another one after each start of its process
        self.worker = worker
        self.count = 0

    def next(self) -> int:
        """Returns a number that this worker has not had yet."""
        self.count += 1
        return self.count

    @staticmethod
    def window(seconds: float) -> int:
        """Returns the number of the stretch of time, the same for all workers of this machine."""
        return int(monotonic() / seconds)


class Workload(ABC):
    """One kind of work."""

    name: ClassVar[str]
    schema: ClassVar[Sequence[str]]

    @abstractmethod
    def step(self, chance: Chance) -> Step:
        """Returns the next operation of a worker."""

    def cursor(self, seconds: float) -> Step:
        """Returns a SELECT that is left half fetched for a while; only some workloads have one."""
        raise NotImplementedError

    @abstractmethod
    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        """Returns what is wrong with a history of this workload, whose last state is `final`."""


def statement(sql: str, *parameters: Any) -> Body:
    """Returns the body of one statement, whose result is its rows."""

    def body() -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
        return (yield sql, parameters)

    return body
