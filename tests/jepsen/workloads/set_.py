# SPDX-License-Identifier: Apache-2.0
"""A set that only grows: autocommit INSERTs of many rows, whose random keys split pages of two indexes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import READ, WRITE, Chance, Step, Workload, statement

_ROWS = (1, 3, 10, 25)
_PAD = "x" * 150


class Set(Workload):
    """Each INSERT is a batch, named by its worker: it is there as a whole or not at all."""

    name = "set"
    schema = (
        "CREATE TABLE IF NOT EXISTS items "
        "(id INTEGER PRIMARY KEY, batch TEXT NOT NULL, size INTEGER NOT NULL, pad TEXT)",
        "CREATE INDEX IF NOT EXISTS items_by_batch ON items (batch, id)",
    )

    def step(self, chance: Chance) -> Step:
        if chance.random.random() < 0.15:
            # All batches of one worker, by the index: a scan beside the page splits of the others.
            pattern = f"{chance.worker}/%"
            query = (
                "SELECT batch, size, count(*), count(DISTINCT id) FROM items WHERE batch GLOB ? GROUP BY batch, size"
            )
            return Step("read", pattern, READ, statement(query, pattern.replace("%", "*")))
        batch = f"{chance.worker}/{chance.next()}"
        keys = sorted({chance.random.randrange(1 << 40) for _ in range(chance.random.choice(_ROWS))})
        chance.random.shuffle(keys)
        values = ",".join(f"(?,?,?,'{_PAD}')" for _ in keys)
        parameters = [value for key in keys for value in (key, batch, len(keys))]
        sql = f"INSERT INTO items (id, batch, size, pad) VALUES {values}"
        return Step("add", {"batch": batch, "keys": keys}, WRITE, statement(sql, *parameters))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        found: dict[str, Counter[int]] = {}
        for batch, key in final.execute("SELECT batch, id FROM items NOT INDEXED"):
            found.setdefault(batch, Counter())[key] += 1
        adds = [operation for operation in history if operation.f == "add"]
        return [*_final(adds, found), *_reads(history, adds, found)]


def _final(adds: Sequence[Operation], found: dict[str, Counter[int]]) -> list[Violation]:
    violations = []
    known = set()
    for add in adds:
        batch, keys = add.value["batch"], Counter(add.value["keys"])
        known.add(batch)
        there = found.get(batch)
        if there is None:
            if add.ok:
                violations.append(Violation("set lost", f"{batch} was acknowledged and is not there ({add.id})"))
        elif add.failed:
            violations.append(Violation("set phantom", f"{batch} failed for certain ({add.error}) and is there"))
        elif any(count > 1 for count in there.values()):
            violations.append(Violation("set duplicate", f"{batch} has rows more than once"))
        elif there != keys:
            violations.append(Violation("set torn", f"{batch} has {len(there)} of its {len(keys)} rows"))
    for batch in found.keys() - known:
        violations.append(Violation("set phantom", f"{batch} was never sent"))
    return violations


def _reads(history: Sequence[Operation], adds: Sequence[Operation], found: dict[str, Counter[int]]) -> list[Violation]:
    violations = []
    by_batch = {add.value["batch"]: add for add in adds}
    for read in history:
        if read.f != "read" or not read.ok:
            continue
        seen = set()
        for batch, size, count, distinct in read.result:
            seen.add(batch)
            add = by_batch.get(batch)
            if add is None or add.start > read.end:
                violations.append(Violation("set phantom", f"read {read.id} saw {batch}, which was not sent by then"))
            elif add.failed:
                violations.append(Violation("set dirty read", f"read {read.id} saw {batch}, which failed for certain"))
            elif batch not in found:
                violations.append(Violation("set dirty read", f"read {read.id} saw {batch}, which is lost"))
            elif count != size or distinct != size or size != len(add.value["keys"]):
                violations.append(Violation("set torn", f"read {read.id} saw {distinct} of {size} rows of {batch}"))
        if read.strict:
            prefix = read.value.removesuffix("%")
            for batch, add in by_batch.items():
                if add.ok and add.end < read.start and batch.startswith(prefix) and batch not in seen:
                    violations.append(Violation("set stale", f"linearizable read {read.id} does not see {batch}"))
    return violations
