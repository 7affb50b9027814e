# SPDX-License-Identifier: Apache-2.0
"""`set_trace_callback` is told of what is sent, with literals for parameters, as sqlite3 spells them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dqlitepy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@contextmanager
def traced(con: Any) -> Iterator[list[str]]:
    statements: list[str] = []
    con.set_trace_callback(statements.append)
    yield statements
    con.set_trace_callback(None)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0.0, 0.1, -2.5, 1e15, 1e16, 1e300, 2.5e-7, float("inf"), float("-inf")]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
)


@settings(
    derandomize=True, database=None, deadline=None, max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(values=st.tuples(VALUES, VALUES, VALUES))
def test_parameters_stand_as_literals(con: dqlitepy.Connection, values: tuple[Any, Any, Any]) -> None:
    sql = 'SELECT ?2, \'?\', ?1 /* ? */, "?", ?3 FROM (SELECT 1 AS "?") -- ?'
    theirs = sqlite3.connect(":memory:")
    told = []
    for connection in (theirs, con):
        with traced(connection) as statements:
            connection.execute(sql, values)
        told += statements
    theirs.close()
    assert told[1] == told[0]


def test_what_python_does_by_itself_is_told(con: dqlitepy.Connection) -> None:
    with traced(con) as statements:
        con.execute("  CREATE TABLE t (a, b);  ")
        con.executemany("INSERT INTO t VALUES (:a, :b)", [{"a": 1, "b": "x"}, {"b": None, "a": 2.0}])
        con.executescript("-- first\nSELECT 1; ; SELECT 2")
        con.execute("DELETE FROM t")
        con.rollback()
        con.rollback()
        with pytest.raises(dqlitepy.OperationalError):
            con.execute("SELEC 1")
    assert statements == [
        "  CREATE TABLE t (a, b);",
        "BEGIN IMMEDIATE",
        "INSERT INTO t VALUES (1, 'x')",
        "INSERT INTO t VALUES (2.0, NULL)",
        "COMMIT",
        "SELECT 1",
        "SELECT 2",
        "BEGIN IMMEDIATE",
        "DELETE FROM t",
        "ROLLBACK",
        "SELEC 1",
    ]


def test_what_a_callback_raises_goes_nowhere_or_to_the_hook(
    con: dqlitepy.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", caught.append)

    def fail(statement: str) -> None:
        raise ValueError(statement)

    con.set_trace_callback(fail)
    assert con.execute("SELECT 1").fetchone() == (1,)
    assert caught == []
    dqlitepy.enable_callback_tracebacks(True)
    try:
        assert con.execute("SELECT 2").fetchone() == (2,)
    finally:
        dqlitepy.enable_callback_tracebacks(False)
    assert [(one.exc_type, str(one.exc_value)) for one in caught] == [(ValueError, "SELECT 2")]
    assert caught[0].exc_traceback.tb_next is not None


def test_a_callback_that_uses_its_connection_is_refused_without_harm(con: dqlitepy.Connection) -> None:
    con.set_trace_callback(lambda statement: con.execute("SELECT 2"))
    assert con.execute("SELECT 1").fetchone() == (1,)


def test_too_long_a_text_is_told_with_its_parameters(con: dqlitepy.Connection) -> None:
    con.setlimit(dqlitepy.SQLITE_LIMIT_LENGTH, 30)
    with traced(con) as statements:
        con.execute("SELECT 'some', 'text', ?", ("a" * 20,))
    assert statements == ["SELECT 'some', 'text', ?"]
