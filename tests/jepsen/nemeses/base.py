# SPDX-License-Identifier: Apache-2.0
"""What a nemesis has to work with."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import dqlitepy

from tests.jepsen.cluster import Cluster


class Ended(Exception):
    """The time for faults is over."""


@dataclass
class Field:
    """A cluster under fire: chance, time, and a log of what was done."""

    cluster: Cluster
    random: random.Random
    log: Path
    unit: float  # seconds in which a leader is replaced for certain, on a quiet machine
    stop: threading.Event
    guard: threading.Lock = field(default_factory=threading.Lock)
    name: str = ""

    def note(self, what: str, **details: Any) -> None:
        """Writes down what happens, with its time."""
        line = json.dumps({"t": monotonic(), "nemesis": self.name, "what": what, **details})
        with self.guard, self.log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def wait(self, seconds: float) -> None:
        """Waits; Ended where the time for faults is over."""
        if self.stop.wait(seconds):
            raise Ended

    def some_time(self) -> float:
        """Returns how long a fault lasts: shorter than an election takes, or about as long, or much longer."""
        return self.unit * self.random.choice((0.15, 0.5, 0.8, 1.2, 2.0, 4.0))

    def leader(self) -> int:
        """Returns the leader, or any node where there is none."""
        found = self.cluster.leader(2.0)
        return self.any_node() if found is None else found

    def any_node(self) -> int:
        """Returns a node by chance."""
        return self.random.randrange(len(self.cluster.members))

    def others(self, number: int) -> list[int]:
        """Returns all other nodes in a random order."""
        rest = [member.number for member in self.cluster.members if member.number != number]
        self.random.shuffle(rest)
        return rest

    def majority(self) -> int:
        """Returns how many nodes are more than half."""
        return len(self.cluster.members) // 2 + 1

    def attempt(self, what: str, function: Callable[[], Any]) -> None:
        """Does what may fail in times like these, and notes how it went."""
        try:
            function()
        except dqlitepy.Error as error:
            self.note(what, error=f"{type(error).__name__}: {error}"[:200])
        else:
            self.note(what)


Nemesis = Callable[[Field], None]
