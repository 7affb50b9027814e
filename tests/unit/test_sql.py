# SPDX-License-Identifier: Apache-2.0
"""Cutting scripts into statements, with SQLite's own judgement of what is complete as the oracle."""

from __future__ import annotations

import sqlite3

import pytest
from dqlitepy._sql import statements
from hypothesis import given, settings
from hypothesis import strategies as st

TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET b = CASE WHEN b THEN 'x;' END;  -- ; END ;
  DELETE FROM a;
END;"""


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (" ; ;; -- nothing\n ; /* nothing */", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1;"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1;", " SELECT 2;"]),
        ("SELECT ';', \"a;b\", `c;d`, [e;f]; SELECT 2", ["SELECT ';', \"a;b\", `c;d`, [e;f];", " SELECT 2"]),
        ("SELECT 'it''s;'; SELECT 2", ["SELECT 'it''s;';", " SELECT 2"]),
        ("SELECT 1 -- a; b\n; SELECT /* ; */ 2;", ["SELECT 1 -- a; b\n;", " SELECT /* ; */ 2;"]),
        ("SELECT 'no end; SELECT 2;", ["SELECT 'no end; SELECT 2;"]),
        ("SELECT 1 /* no end; SELECT 2;", ["SELECT 1 /* no end; SELECT 2;"]),
        (f"{TRIGGER} SELECT 1;", [TRIGGER, " SELECT 1;"]),
        (f"{TRIGGER.lower()} select 1", [TRIGGER.lower(), " select 1"]),
        (TRIGGER.replace("CREATE", "CREATE TEMP"), [TRIGGER.replace("CREATE", "CREATE TEMP")]),
        (TRIGGER.replace("CREATE", "EXPLAIN CREATE"), [TRIGGER.replace("CREATE", "EXPLAIN CREATE")]),
        ("CREATE TABLE trigger_log(a); SELECT 1;", ["CREATE TABLE trigger_log(a);", " SELECT 1;"]),
        ("BEGIN; CREATE TABLE a(b); END;", ["BEGIN;", " CREATE TABLE a(b);", " END;"]),
    ],
)
def test_statements(script: str, expected: list[str]) -> None:
    assert list(statements(script)) == expected


PIECES = st.sampled_from(
    [
        ";", ";", " ", "\n", "a", "'", '"', "`", "[", "]", "--", "/*", "*/", "é", "1", "@", "(", "END", "BEGIN",
        "CREATE", "CREATE TRIGGER", "TEMP", "TEMPORARY", "TRIGGER", "EXPLAIN", "QUERY PLAN", ";END;", "; END ;",
        "SELECT",
    ]
)  # fmt: skip


@settings(derandomize=True, database=None, deadline=None, max_examples=2000)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_every_statement_but_the_last_is_complete_to_sqlite(script: str) -> None:
    found = list(statements(script))
    assert all(statement in script for statement in found)
    for statement in found[:-1]:
        assert sqlite3.complete_statement(statement), statement


@settings(derandomize=True, database=None, deadline=None, max_examples=2000)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_no_statement_is_complete_before_its_end(script: str) -> None:
    for statement in statements(script):
        for end, character in enumerate(statement[:-1], 1):
            if character == ";" and statement[:end].strip(" \n;"):
                assert not sqlite3.complete_statement(statement[:end]) or _only_blanks(statement[:end]), statement


def _only_blanks(text: str) -> bool:
    return not list(statements(text))
