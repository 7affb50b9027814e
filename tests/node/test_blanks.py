# SPDX-License-Identifier: Apache-2.0
"""What is a blank to SQLite is one to us: a BEGIN behind it begins, a COMMIT commits. `sqlite3` is the oracle."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import dqlitepy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Pair = tuple[Any, Any]

BLANKS = ["\ufeff", "\v", " \v", "\n\v\v", "--x\n\v", "/**/\v", "\t", "\f", "\r", "-- \ufeff\n", "/*\v*/", ";", ""]
STATEMENTS = ["BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "INSERT INTO t VALUES (1)", "SELECT 7"]


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    pair = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    for con in pair:
        con.execute("CREATE TABLE t (a)")
    yield pair
    for con in pair:
        con.close()


def after(con: Any, text: str, script: bool) -> Any:
    """Returns what is left after the text: rows or that it failed, whether a transaction is open, and what is kept."""
    con.rollback()
    con.execute("DELETE FROM t")
    con.commit()
    try:
        cursor = con.executescript(text) if script else con.execute(text)
        told: Any = cursor.fetchall()
    except (sqlite3.Error, dqlitepy.Error):
        told = "failed"
    within = con.in_transaction
    con.rollback()
    return told, within, con.execute("SELECT count(*) FROM t").fetchone()


@pytest.mark.parametrize("isolation_level", ["", None])
@pytest.mark.parametrize("statement", ["BEGIN", "INSERT INTO t VALUES (1)", "PRAGMA user_version"])
def test_every_character_before_a_statement(both: Pair, isolation_level: str | None, statement: str) -> None:
    for con in both:
        con.isolation_level = isolation_level
    characters = [*map(chr, range(1, 256)), "\u2028", "\u3000", "\ufeff", "\ufffe", "\uef00"]
    for text in [before + character + statement for character in characters for before in ("", " ", ";", "/**/")]:
        theirs, ours = (after(con, text, script=False) for con in both)
        assert ours == theirs, repr(text)


@settings(derandomize=True, database=None, deadline=None, max_examples=1500, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(BLANKS), max_size=3).map("".join), st.sampled_from(STATEMENTS)), max_size=4
    ),
    st.sampled_from(BLANKS),
    st.sampled_from(["", None]),
)
def test_scripts(both: Pair, pieces: list[tuple[str, str]], last: str, isolation_level: str | None) -> None:
    text = ";".join(blank + statement for blank, statement in pieces) + ";" + last
    for con in both:
        con.isolation_level = isolation_level
    theirs, ours = (after(con, text, script=True) for con in both)
    assert ours == theirs, repr(text)
