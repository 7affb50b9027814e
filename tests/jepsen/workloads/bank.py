# SPDX-License-Identifier: Apache-2.0
"""Accounts between which money moves: no reader ever sees another sum, and nothing else is left at the end.

The rows are far apart (each fills most of a page), so that one transfer of many legs puts dozens of frames into the WAL
and readers stand beside each thousandth and ten thousandth of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

from tests.jepsen.history import Operation, Violation
from tests.jepsen.workloads.base import CURSOR, READ, SNAPSHOT, TRANSACTION, Chance, Rows, Step, Workload, statement

ACCOUNTS = 300
MONEY = 100
TOTAL = ACCOUNTS * MONEY
_MOST = 60  # legs of one transfer
_SUM = "SELECT sum(n), count(*) FROM accounts"
# More than all buffers on the way to a client hold, so that the server is in its midst until somebody fetches the rest.
_TIMES = 20
_ALL = f"""WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {_TIMES})
    SELECT n, pad FROM c CROSS JOIN accounts"""


class Bank(Workload):
    """Transfers between two accounts or among dozens; readers of the sum, at once or in two halves of one snapshot."""

    name = "bank"
    schema = (
        "CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, pad TEXT)",
        "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < "
        f"{ACCOUNTS - 1}) INSERT OR IGNORE INTO accounts SELECT i, {MONEY}, printf('%.*c', 3000, 'x') FROM c",
    )

    def step(self, chance: Chance) -> Step:
        draw = chance.random.random()
        if draw < 0.03:
            return self.cursor(chance.random.choice((0.1, 0.5, 2.0)))
        if draw < 0.35:
            return Step("read", None, READ, statement(_SUM))
        if draw < 0.5:
            return Step("read", None, SNAPSHOT, _read_halves)
        legs = 2 if draw < 0.7 else 2 * chance.random.randint(2, _MOST // 2)
        accounts = chance.random.sample(range(ACCOUNTS), legs)
        amount = chance.random.randint(1, 5)
        return Step("transfer", {"legs": legs}, TRANSACTION, lambda: _transfer(accounts, amount))

    def cursor(self, seconds: float) -> Step:
        return Step("read", None, CURSOR, _read_all, hold=seconds)

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        violations = []
        for read in history:
            if read.f == "read" and read.ok and list(read.result[0]) != [TOTAL, ACCOUNTS]:
                violations.append(
                    Violation("bank torn", f"read {read.id} ({read.worker}) saw {read.result[0]}, not {TOTAL}")
                )
        last = list(final.execute(_SUM).fetchone())
        if last != [TOTAL, ACCOUNTS]:
            violations.append(Violation("bank sum", f"at the end {last}, not {[TOTAL, ACCOUNTS]}"))
        return violations


def _read_halves() -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    low = yield f"{_SUM} WHERE id < ?", (ACCOUNTS // 2,)
    high = yield f"{_SUM} WHERE id >= ?", (ACCOUNTS // 2,)
    return [[(low[0][0] or 0) + (high[0][0] or 0), low[0][1] + high[0][1]]]


def _read_all() -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    """All rows several times, by one SELECT, whose sums must be the same."""
    rows = yield _ALL, ()
    numbers = [n for n, _ in rows]
    sums = {sum(numbers[start : start + ACCOUNTS]) for start in range(0, len(numbers), ACCOUNTS)}
    wrong = [each for each in sums if each != TOTAL]
    return [[wrong[0] if wrong else sum(numbers) // _TIMES, len(numbers) / _TIMES]]


def _transfer(accounts: Sequence[int], amount: int) -> Generator[tuple[str, Sequence[Any]], Rows, Any]:
    for number, account in enumerate(accounts):
        change = amount if number % 2 else -amount
        yield "UPDATE accounts SET n = n + ? WHERE id = ?", (change, account)
