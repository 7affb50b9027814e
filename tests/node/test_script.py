# SPDX-License-Identifier: Apache-2.0
"""Cutting scripts into statements, with SQLite's own judgement of what is complete as the oracle."""

from __future__ import annotations

import sqlite3
from typing import Any

import dqlitepy
import pytest
from dqlitepy._sql.scripts import statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET b = CASE WHEN b THEN 'x;' END;  -- ; END ;
  DELETE FROM a;
END"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (" ; ;; -- nothing\n ; /* nothing */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 'é;', \"ü;b\", `c;d`, [e;f]; SELECT 2", ["SELECT 'é;', \"ü;b\", `c;d`, [e;f]", "SELECT 2"]),
        ("SELECT 1 -- a; b\n; SELECT /* ; */ 2;", ["SELECT 1", "SELECT /* ; */ 2"]),
        ("SELECT 'no end; SELECT 2;", ["SELECT 'no end; SELECT 2;"]),
        (f"{TRIGGER}; SELECT 1;", [TRIGGER, "SELECT 1"]),
    ],
)
def test_statements(script: str, expected: list[str]) -> None:
    assert statements(script) == expected


PIECES = st.sampled_from(
    [
        ";", ";", " ", "\n", "a", "'", '"', "`", "[", "]", "--", "/*", "*/", "é", "1", "@", "(", "END", "BEGIN",
        "CREATE", "CREATE TRIGGER", "TEMP", "TEMPORARY", "TRIGGER", "EXPLAIN", "QUERY PLAN", ";END;", "; END ;",
        "SELECT", "\ufeff", "\v", "\f", "-", "/", "/*/", "$a(", "?", "x'", "1e-", "1e--", "\\",
    ]
)  # fmt: skip


@settings(
    derandomize=True, database=None, deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.tuples(st.sampled_from(["", " "]), st.lists(PIECES, max_size=12)).map(lambda drawn: drawn[0].join(drawn[1])))
def test_complete_means_what_it_means_to_sqlite(script: str) -> None:
    assert dqlitepy.complete_statement(script) == sqlite3.complete_statement(script)


def test_complete_asks_of_every_character() -> None:
    for character in [*map(chr, range(1, 256)), "\u2028", "\u3000", "\ufeff", "\u212a", "\U0001f600"]:
        for text in ["{};", ";{}", "{}", "CREATE{}TRIGGER a; b", "CREATE TRIGGER a;{}END;", "END{};", "SELECT 1;--{}"]:
            script = text.format(character)
            assert dqlitepy.complete_statement(script) == sqlite3.complete_statement(script), repr(script)


@settings(
    derandomize=True, database=None, deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_a_statement_ends_where_sqlite_says_so(script: str) -> None:
    cut = statements(script)
    at = 0
    for statement in cut:
        at = script.index(statement, at) + len(statement)
        for end, character in enumerate(statement, 1):
            assert character != ";" or not sqlite3.complete_statement(statement[:end]), statement
    if cut[1:]:
        assert all(sqlite3.complete_statement(statement + ";") for statement in cut[:-1])


@pytest.mark.parametrize("text", [5, b"SELECT 1;", "SELECT 1\0;", "'\ud800';"])
def test_what_is_no_text_is_refused_as_sqlite3_does(text: Any) -> None:
    raised = []
    for module in (dqlitepy, sqlite3):
        with pytest.raises((TypeError, ValueError)) as caught:
            module.complete_statement(text)
        raised.append((caught.type, str(caught.value)))
    assert raised[0] == raised[1]
