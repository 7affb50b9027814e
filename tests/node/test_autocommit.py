# SPDX-License-Identifier: Apache-2.0
"""`autocommit` in its three modes: what is open, committed and sent, as in sqlite3 since Python 3.12."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import LEGACY_TRANSACTION_CONTROL as LEGACY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import outcome

OURS_ALONE = sys.version_info < (3, 12)  # sqlite3 has no autocommit there


def traced(con: Any) -> list[str]:
    """Returns the list to which the statements of a connection go from now on."""
    statements: list[str] = []
    con.set_trace_callback(statements.append)
    return statements


@pytest.mark.parametrize("mode", [None, 2, -2, "", 1, 0, 1.0, []])
def test_there_are_three_modes(con: dqlitepy.Connection, mode: Any) -> None:
    with pytest.raises(ValueError, match="^autocommit must be True, False, or dqlitepy.LEGACY_TRANSACTION_CONTROL$"):
        con.autocommit = mode
    with pytest.raises(ValueError, match="^autocommit must be"):
        dqlitepy.connect(":memory:", autocommit=mode)
    assert con.autocommit == LEGACY


def test_false_has_a_transaction_open_always(directory: Path) -> None:
    with closing(dqlitepy.connect(directory, autocommit=False)) as con:
        assert con.in_transaction
        statements = traced(con)
        con.execute("CREATE TABLE t (a)")
        con.execute("INSERT INTO t VALUES (?)", (1,))
        con.commit()
        con.execute("INSERT INTO t VALUES (2)")
        con.rollback()
        con.executescript("INSERT INTO t VALUES (3); INSERT INTO t VALUES (4)")
        with con:
            con.execute("INSERT INTO t VALUES (5)")
        assert con.in_transaction
        con.execute("INSERT INTO t VALUES (6)")
    assert statements == [
        "CREATE TABLE t (a)",
        "INSERT INTO t VALUES (1)",
        "COMMIT",
        "BEGIN",
        "INSERT INTO t VALUES (2)",
        "ROLLBACK",
        "BEGIN",
        "INSERT INTO t VALUES (3)",
        "INSERT INTO t VALUES (4)",
        "INSERT INTO t VALUES (5)",
        "COMMIT",
        "BEGIN",
        "INSERT INTO t VALUES (6)",
        "ROLLBACK",
    ]
    with closing(dqlitepy.connect(directory)) as con:
        assert con.execute("SELECT a FROM t").fetchall() == [(1,), (3,), (4,), (5,)]


def test_true_begins_nothing(directory: Path) -> None:
    with closing(dqlitepy.connect(directory, autocommit=True)) as con:
        statements = traced(con)
        con.execute("CREATE TABLE t (a)")
        with con:
            con.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
            assert not con.in_transaction
        con.rollback()
        con.execute("BEGIN")
        con.executescript("INSERT INTO t VALUES (3)")
        con.commit()
        assert con.in_transaction
        con.execute("COMMIT")
    assert statements == [
        "CREATE TABLE t (a)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t VALUES (2)",
        "BEGIN",
        "INSERT INTO t VALUES (3)",
        "COMMIT",
    ]
    with closing(dqlitepy.connect(directory)) as con:
        assert con.execute("SELECT a FROM t").fetchall() == [(1,), (2,), (3,)]


def test_a_transaction_that_is_open_without_a_statement_locks_nothing(directory: Path) -> None:
    with closing(dqlitepy.connect(directory, autocommit=False)) as idle, closing(dqlitepy.connect(directory)) as busy:
        busy.execute("CREATE TABLE t (a)")
        busy.execute("INSERT INTO t VALUES (1)")
        busy.commit()
        assert idle.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_a_transaction_that_cannot_begin_closes_the_connection(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise dqlitepy.OperationalError("no")

    monkeypatch.setattr(dqlitepy.Connection, "_begin_transaction", fail)
    with pytest.raises(dqlitepy.OperationalError, match="^no$"):
        dqlitepy.connect(directory, autocommit=False)
    monkeypatch.undo()
    dqlitepy.connect(directory).close()


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[Any, Any]]:
    """Yields a connection of each module, foreign keys aside alike."""
    theirs, ours = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    for con in (theirs, ours):
        con.executescript("CREATE TABLE t (a UNIQUE)")
    yield theirs, ours
    theirs.close()
    ours.close()


STEPS: dict[str, Any] = {
    "INSERT": lambda con: con.execute("INSERT INTO t VALUES (1)").rowcount,
    "INSERT many": lambda con: con.executemany("INSERT INTO t VALUES (?)", [(2,), (3,)]).rowcount,
    "INSERT OR ROLLBACK": lambda con: con.execute("INSERT OR ROLLBACK INTO t VALUES (1)").rowcount,
    "SELECT": lambda con: con.execute("SELECT a FROM t ORDER BY a").fetchall(),
    "DELETE": lambda con: con.execute("DELETE FROM t").rowcount,
    "BEGIN": lambda con: con.execute("BEGIN").rowcount,
    "COMMIT": lambda con: con.execute("COMMIT").rowcount,
    "ROLLBACK": lambda con: con.execute("ROLLBACK").rowcount,
    "script": lambda con: con.executescript("DELETE FROM t WHERE a = 2; INSERT INTO t VALUES (4)").rowcount,
    "commit": lambda con: con.commit(),
    "rollback": lambda con: con.rollback(),
    "True": lambda con: setattr(con, "autocommit", True),
    "False": lambda con: setattr(con, "autocommit", False),
    "LEGACY": lambda con: setattr(con, "autocommit", LEGACY),
    "isolation_level None": lambda con: setattr(con, "isolation_level", None),
    "isolation_level ''": lambda con: setattr(con, "isolation_level", ""),
    "with": lambda con: con.__enter__() is con and con.__exit__(None, None, None),
    "with, raising": lambda con: con.__enter__() is con and con.__exit__(ValueError, ValueError(), None),
}


@settings(
    derandomize=True, database=None, deadline=None, max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=10))
def test_generated_scripts(databases: tuple[Any, Any], steps: list[str]) -> None:
    """On Python 3.11 the steps about autocommit are left out: sqlite3 would take them for any attribute."""
    for con in databases:
        if hasattr(con, "autocommit"):
            con.autocommit = LEGACY
        con.isolation_level = ""
        con.rollback()
        con.execute("DELETE FROM t")
        con.commit()
    for step in steps:
        if OURS_ALONE and step in ("True", "False", "LEGACY"):
            continue
        told = []
        for con in databases:
            result = outcome(lambda con=con, step=step: STEPS[step](con))  # type: ignore[misc]
            told.append((result, con.in_transaction, getattr(con, "autocommit", LEGACY), con.isolation_level))
        if _lost_by_hand(databases[1], told):
            return
        assert told[1] == told[0], steps[: steps.index(step) + 1]


def _lost_by_hand(ours: dqlitepy.Connection, told: list[Any]) -> bool:
    """Whether SQL ended the transaction that autocommit=False has open: a write then begins another one, here alone."""
    return ours.autocommit is False and not told[0][1]
