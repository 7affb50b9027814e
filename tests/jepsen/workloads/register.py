# SPDX-License-Identifier: Apache-2.0
"""Registers that are read, written, and compared and set: all of it linearizable."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tests.jepsen.checkers.linearizable import Undecided, check_register
from tests.jepsen.history import UNDECIDED, Operation, Violation
from tests.jepsen.workloads.base import READ, WRITE, Chance, Step, Workload, statement

_KEYS = 3
_SECONDS = 3.0  # of a register's life: so that its history stays short
_VALUES = 5


class Register(Workload):
    """Writers that do not know each other. Only linearizable reads count; others may be of the past."""

    name = "register"
    schema = ("CREATE TABLE IF NOT EXISTS registers (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)",)

    def step(self, chance: Chance) -> Step:
        key = chance.window(_SECONDS) * _KEYS + chance.random.randrange(_KEYS)
        draw = chance.random.random()
        if draw < 0.5:
            return Step("read", {"k": key}, READ, statement("SELECT v FROM registers WHERE k = ?", key))
        new = chance.random.randrange(_VALUES)
        if draw < 0.8:
            sql = "INSERT INTO registers (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v"
            return Step("write", {"k": key, "new": new}, WRITE, statement(sql, key, new))
        old = chance.random.randrange(_VALUES)
        sql = "UPDATE registers SET v = ? WHERE k = ? AND v = ? RETURNING v"
        return Step("cas", {"k": key, "old": old, "new": new}, WRITE, statement(sql, new, key, old))

    def check(self, history: Sequence[Operation], final: sqlite3.Connection) -> list[Violation]:
        violations = []
        last = dict(final.execute("SELECT k, v FROM registers").fetchall())
        for key in sorted({operation.value["k"] for operation in history}):
            own = [operation for operation in history if operation.value["k"] == key]
            try:
                text = check_register(own, last.get(key))
            except Undecided as undecided:
                violations.append(Violation(UNDECIDED, f"register {key}: {undecided}"))
                continue
            if text:
                violations.append(Violation("register not linearizable", f"key {key}: {text}"))
        return violations
