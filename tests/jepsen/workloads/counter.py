# SPDX-License-Identifier: Apache-2.0
"""A counter: it is what was acknowledged, and at most what was sent and did not fail."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import READ, WRITE, Chance, Step, Workload, statement

_SELECT = "SELECT n FROM counter WHERE id = 0"


class Counter(Workload):
    """Increments by one and reads."""

    name = "counter"
    schema = (
        "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
        "INSERT OR IGNORE INTO counter VALUES (0, 0)",
    )

    def step(self, chance: Chance) -> Step:
        if chance.random.random() < 0.4:
            return Step("read", None, READ, statement(_SELECT))
        return Step("add", 1, WRITE, statement("UPDATE counter SET n = n + 1 WHERE id = 0"))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        adds = [operation for operation in history if operation.f == "add" and not operation.failed]
        acknowledged = sorted(add.end for add in adds if add.ok)
        begun = sorted(add.start for add in adds)
        [last] = final.execute(_SELECT).fetchone()
        violations = []
        if not len(acknowledged) <= last <= len(begun):
            text = f"{last} at the end, after {len(acknowledged)} acknowledged and {len(begun)} possible ones"
            violations.append(Violation("counter wrong", text))
        for read in history:
            if read.f != "read" or not read.ok:
                continue
            value = read.result[0][0] if read.result else None
            least = bisect_left(acknowledged, read.start) if read.strict else 0
            most = min(bisect_right(begun, read.end), last)
            if value is None or not least <= value <= most:
                text = f"read {read.id} saw {value}, not {least} to {most}"
                violations.append(Violation("counter wrong", text))
        return violations + _back_in_time(history)


def _back_in_time(history: Sequence[Operation]) -> list[Violation]:
    """Returns the local reads that lack what their worker has written, or has read before."""
    least: dict[str, int] = {}
    violations = []
    for operation in history:
        worker = operation.worker
        if not operation.ok or not operation.session:
            continue
        if operation.f == "add":
            least[worker] = least.get(worker, 0) + 1
            continue
        value = operation.result[0][0] if operation.result else 0
        if value < least.get(worker, 0):
            text = f"local read {operation.id} saw {value}, and its worker had seen {least[worker]}"
            violations.append(Violation("counter back in time", text))
        least[worker] = max(least.get(worker, 0), value)
    return violations
