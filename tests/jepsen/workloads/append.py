# SPDX-License-Identifier: Apache-2.0
"""Lists to which transactions append numbers that come once: their order tells that of the transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

from tests.jepsen.checkers.lists import Transaction, check_lists
from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import READ, SNAPSHOT, TRANSACTION, WRITE, Chance, Rows, Step, Workload

_KEYS = 5  # at one time
_SECONDS = 4.0  # after which others take their place, so that no list becomes long
_APPEND = "INSERT INTO lists (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = v || ',' || excluded.v"
_READ = "SELECT v FROM lists WHERE k = ?"


class Append(Workload):
    """A value of a history is a list of ["r", key, None] and ["append", key, number]; its result has what was read."""

    name = "append"
    schema = ("CREATE TABLE IF NOT EXISTS lists (k INTEGER PRIMARY KEY, v TEXT NOT NULL)",)

    def step(self, chance: Chance) -> Step:
        first = chance.window(_SECONDS) * _KEYS
        kind = chance.random.choices((TRANSACTION, SNAPSHOT, WRITE, READ), (6, 2, 2, 1))[0]
        length = 1 if kind in (WRITE, READ) else chance.random.randint(2, 5)
        actions: list[list[Any]] = []
        for _ in range(length):
            key = first + chance.random.randrange(_KEYS)
            writes = kind == WRITE or (kind == TRANSACTION and chance.random.random() < 0.6)
            actions.append(["append", key, f"{chance.worker}:{chance.next()}"] if writes else ["r", key, None])
        return Step("txn", actions, kind, lambda: _body(actions))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        last = {key: _numbers(text) for key, text in final.execute("SELECT k, v FROM lists")}
        transactions = [
            Transaction(
                operation.id,
                operation.outcome,
                operation.result if operation.ok else operation.value,
                operation.start,
                operation.end,
                operation.strict or any(f == "append" for f, _, _ in operation.value),
            )
            for operation in history
        ]
        return check_lists(transactions, last)


def _body(actions: list[list[Any]]) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    done = []
    for f, key, value in actions:
        if f == "append":
            yield _APPEND, (key, value)
            done.append([f, key, value])
        else:
            rows = yield _READ, (key,)
            done.append([f, key, _numbers(rows[0][0]) if rows else []])
    return done


def _numbers(text: str) -> list[str]:
    return text.split(",")
