# SPDX-License-Identifier: Apache-2.0
"""Writes of which one instruction takes as long as two elections, beside quick ones into the same page.

SQLite asks between instructions whether it is to end. So nothing ends these when their leader steps down, and their
rows come out of a worker thread when it may lead again, in another term, on top of what was committed meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import READ, WRITE, Chance, Step, Workload, statement

# A text that is looked for at each place of another one, and nowhere to be found: a second for 200,000 places.
_PLACES = (20_000, 50_000, 100_000, 200_000)
_LATE = "INSERT INTO late VALUES (?, printf('%.*c', ?, 'a') LIKE '%' || printf('%.*c', 5000, 'a') || 'b')"


class Late(Workload):
    """Each INSERT is one row, named by its worker."""

    name = "late"
    schema = ("CREATE TABLE IF NOT EXISTS late (tag TEXT NOT NULL, found INTEGER NOT NULL)",)

    def step(self, chance: Chance) -> Step:
        draw = chance.random.random()
        if draw < 0.2:
            pattern = f"{chance.worker}/*"
            return Step("read", pattern, READ, statement("SELECT tag FROM late WHERE tag GLOB ?", pattern))
        tag = f"{chance.worker}/{chance.next()}"
        if draw < 0.6:
            return Step("add", tag, WRITE, statement("INSERT INTO late VALUES (?, 0)", tag))
        return Step("add", tag, WRITE, statement(_LATE, tag, chance.random.choice(_PLACES)))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        found = Counter(tag for (tag,) in final.execute("SELECT tag FROM late"))
        adds = {operation.value: operation for operation in history if operation.f == "add"}
        violations = [Violation("late phantom", f"{tag} was never sent") for tag in found.keys() - adds.keys()]
        for tag, add in adds.items():
            if add.ok and not found[tag]:
                violations.append(Violation("late lost", f"{tag} was acknowledged and is not there ({add.id})"))
            if add.failed and found[tag]:
                violations.append(Violation("late phantom", f"{tag} failed for certain ({add.error}) and is there"))
            if found[tag] > 1:
                violations.append(Violation("late duplicate", f"{tag} is there {found[tag]} times"))
        for read in history:
            if read.f == "read" and read.ok:
                violations += _read(read, adds, found)
        return violations


def _read(read: Operation, adds: dict[str, Operation], found: Counter[str]) -> list[Violation]:
    violations = []
    seen = {tag for (tag,) in read.result}
    for tag in seen:
        if tag not in adds or adds[tag].start > read.end:
            violations.append(Violation("late phantom", f"read {read.id} saw {tag}, which was not sent by then"))
        elif adds[tag].failed:
            violations.append(Violation("late dirty read", f"read {read.id} saw {tag}, which failed for certain"))
        elif not found[tag]:
            violations.append(Violation("late dirty read", f"read {read.id} saw {tag}, which is lost"))
    if read.strict:
        prefix = read.value.removesuffix("*")
        violations += [
            Violation("late stale", f"linearizable read {read.id} does not see {tag}")
            for tag, add in adds.items()
            if add.ok and add.end < read.start and tag.startswith(prefix) and tag not in seen
        ]
    return violations
