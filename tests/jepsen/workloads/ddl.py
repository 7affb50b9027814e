# SPDX-License-Identifier: Apache-2.0
"""Tables and indexes that come and go beside the rest, so that every connection compiles its statements again."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import TRANSACTION, WRITE, Chance, Rows, Step, Workload, statement


class Ddl(Workload):
    """A table is made with a row in it, in one transaction; later it is dropped, or a column and an index are added."""

    name = "ddl"
    schema = ()

    def step(self, chance: Chance) -> Step:
        draw = chance.random.random()
        if chance.count == 0 or draw < 0.5:
            name = f"made_{chance.worker.replace('-', '_')}_{chance.next()}"
            return Step("create", name, TRANSACTION, lambda: _create(name))
        name = f"made_{chance.worker.replace('-', '_')}_{chance.random.randint(1, chance.count)}"
        if draw < 0.75:
            return Step("drop", name, WRITE, statement(f"DROP TABLE IF EXISTS {name}"))
        return Step("alter", name, TRANSACTION, lambda: _alter(name))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        there = {
            name for (name,) in final.execute("SELECT name FROM sqlite_schema WHERE type = 'table'") if _is_ours(name)
        }
        created = {operation.value: operation for operation in history if operation.f == "create"}
        drops = [operation for operation in history if operation.f == "drop" and not operation.failed]
        maybe_gone = {operation.value for operation in drops}
        gone = {
            drop.value for drop in drops if drop.ok and drop.value in created and created[drop.value].end < drop.start
        }
        violations = []
        for name, create in created.items():
            if create.ok and name not in there and name not in maybe_gone:
                violations.append(Violation("ddl lost", f"table {name} was made for certain and is not there"))
            if create.failed and name in there:
                violations.append(Violation("ddl phantom", f"making table {name} failed for certain and it is there"))
        violations += [
            Violation("ddl lost", f"the drop of {name} was acknowledged; it is there") for name in there & gone
        ]
        violations += [Violation("ddl phantom", f"table {name} was never made") for name in there - set(created)]
        for name in there:
            if final.execute(f"SELECT count(*) FROM {name}").fetchone() != (1,):
                violations.append(Violation("ddl torn", f"table {name} does not have its row"))
        return violations


def _is_ours(name: str) -> bool:
    return name.startswith("made_")


def _create(name: str) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    yield f"CREATE TABLE {name} (a INTEGER PRIMARY KEY, b TEXT)", ()
    yield f"INSERT INTO {name} VALUES (1, ?)", ("x" * 100,)


def _alter(name: str) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    rows = yield "SELECT sql FROM sqlite_schema WHERE name = ?", (name,)
    if rows and " c " not in rows[0][0]:
        yield f"ALTER TABLE {name} ADD COLUMN c DEFAULT 'new'", ()
        yield f"CREATE INDEX {name}_c ON {name} (b)", ()
