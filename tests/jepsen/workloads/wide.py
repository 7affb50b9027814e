# SPDX-License-Identifier: Apache-2.0
"""Large transactions: an UPDATE of more pages than SQLite's own checkpoint waits for, and many rows at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import CURSOR, READ, SNAPSHOT, TRANSACTION, Chance, Rows, Step, Workload, statement

WIDTH = 1100  # rows, each on a page of its own
_BULK = 400  # rows of one bulk load
_APART = ", "  # what a reader adds to a name that did not fit
_READ = "SELECT min(tag), max(tag), count(*) FROM wide"
# More than all buffers on the way to a client hold, so that the server is in its midst until somebody fetches the rest.
_TIMES = 8
_ALL = f"""WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {_TIMES})
    SELECT tag, pad FROM c CROSS JOIN wide"""


class Wide(Workload):
    """Each update writes its name into all rows and into a log; a reader finds one name everywhere."""

    name = "wide"
    schema = (
        "CREATE TABLE IF NOT EXISTS wide (id INTEGER PRIMARY KEY, tag TEXT NOT NULL, pad TEXT)",
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < "
        f"{WIDTH - 1}) INSERT OR IGNORE INTO wide SELECT i, '', printf('%.*c', 3000, 'x') FROM c",
        "CREATE TABLE IF NOT EXISTS wide_log (tag TEXT PRIMARY KEY)",
        "CREATE TABLE IF NOT EXISTS bulk (tag TEXT NOT NULL, i INTEGER NOT NULL, pad TEXT, PRIMARY KEY (tag, i))",
    )

    def step(self, chance: Chance) -> Step:
        draw = chance.random.random()
        if draw < 0.05:
            return self.cursor(chance.random.choice((0.1, 0.5, 2.0)))
        if draw < 0.4:
            return Step("read", None, READ, statement(_READ))
        if draw < 0.5:
            return Step("read", None, SNAPSHOT, _read_with_log)
        if draw < 0.55:
            times = chance.random.choice((20, 100, 300))
            return Step("read", None, SNAPSHOT, lambda: _hold(times))
        tag = f"{chance.worker}/{chance.next()}"
        if draw < 0.8:
            return Step("update", tag, TRANSACTION, lambda: _update(tag))
        return Step("load", tag, TRANSACTION, lambda: _load(tag))

    def cursor(self, seconds: float) -> Step:
        return Step("read", None, CURSOR, _read_all, hold=seconds)

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        violations = []
        logged = {tag for (tag,) in final.execute("SELECT tag FROM wide_log")}
        loaded = dict(final.execute("SELECT tag, count(*) FROM bulk GROUP BY tag").fetchall())
        updates = {operation.value: operation for operation in history if operation.f == "update"}
        loads = {operation.value: operation for operation in history if operation.f == "load"}
        violations += _compare("update", updates, logged)
        violations += _compare("load", loads, set(loaded))
        violations += [
            Violation("wide torn", f"load {tag} has {count} of {_BULK} rows")
            for tag, count in loaded.items()
            if count != _BULK
        ]
        reads = [(read.id, read.result[0]) for read in history if read.f == "read" and read.ok]
        reads.append(("at the end", final.execute(_READ).fetchone()))
        for name, (low, high, count) in reads:
            if low != high or count != WIDTH:
                violations.append(Violation("wide torn", f"read {name} saw {count} rows of {low!r} to {high!r}"))
            for tag in {low, high.partition(_APART)[0]} - {""}:
                if tag not in updates:
                    violations.append(Violation("wide phantom", f"read {name} saw {tag!r}, which was never sent"))
                elif updates[tag].failed:
                    violations.append(
                        Violation("wide dirty read", f"read {name} saw {tag!r}, which failed for certain")
                    )
                elif tag not in logged:
                    violations.append(Violation("wide dirty read", f"read {name} saw {tag!r}, which is lost"))
        return violations


def _compare(what: str, sent: dict[str, Operation], found: set[str]) -> list[Violation]:
    lost = [tag for tag, operation in sent.items() if operation.ok and tag not in found]
    aborted = [tag for tag, operation in sent.items() if operation.failed and tag in found]
    return [
        *(Violation("wide lost", f"{what} {tag} was acknowledged and is not there") for tag in lost),
        *(Violation("wide phantom", f"{what} {tag} failed for certain and is there") for tag in aborted),
        *(Violation("wide phantom", f"{what} {tag} was never sent") for tag in found - set(sent)),
    ]


def _read_with_log() -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    rows = yield _READ, ()
    low, high, _ = rows[0]
    known = yield "SELECT count(*) FROM wide_log WHERE tag IN (?, ?)", (low, high)
    if low and known[0][0] != len({low, high}):
        return [[low, f"{high}{_APART}without its log", rows[0][2]]]
    return rows


def _read_all() -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    """All rows several times, by one SELECT: what it still has to read when it goes on is of the same version."""
    rows = yield _ALL, ()
    tags = [tag for tag, _ in rows]
    count, odd = divmod(len(tags), _TIMES)
    return [[min(tags, default=""), max(tags, default=""), -1 if odd else count]]


def _hold(times: int) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    """Keeps one snapshot while others write ten thousand frames behind it: it must stay what it was."""
    first = yield _READ, ()
    for _ in range(times):
        rows = yield _READ, ()
        if rows[0] != first[0]:
            return [[first[0][0], f"{rows[0][1]}{_APART}later in one snapshot", rows[0][2]]]
    return first


def _update(tag: str) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    yield "INSERT INTO wide_log VALUES (?)", (tag,)
    yield "UPDATE wide SET tag = ?", (tag,)


def _load(tag: str) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    yield (
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < ?) "
        "INSERT INTO bulk SELECT ?, i, printf('%.*c', 900, 'y') FROM c",
        (_BULK - 1, tag),
    )
    yield "DELETE FROM bulk WHERE tag = ? AND i < 0", (tag,)
