# SPDX-License-Identifier: Apache-2.0
"""Texts of generated tokens do the same in both modules: our scanner reads them as SQLite's tokenizer does.

What is a blank to SQLite has to be one to us: a BEGIN behind it begins, a COMMIT commits. Each text runs by `execute`
and by `executescript`. What is compared is whether it fails, what it returns, whether a transaction is open afterwards,
and what is kept. A scanner that reads a text otherwise than SQLite gets one of these wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import dqlitepy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Pair = tuple[Any, Any]

# No EXPLAIN, whose rows depend on SQLite's version, and no digits with separators, which are new in 3.46.
PIECES = [
    ";", ";", ";", ";", " ", "\n", "\t", "\r", "\f", "\v", "\ufeff", "\x01", "\x7f", "\xa0", "\u2028", "é", "a",
    "'", '"', "`", "[", "]", "(", ")", ",", ".", "-", "--", "->", "/", "/*", "*/", "/*/", "/**/", "||", "=", "<>",
    "1", "1e", "1e-", "1e+", "1.", ".5", "0x", "0x1e-", "x'", "X'00'",
    "@", "@a", ":", "::", ":a", "$a(", "$a::b(", "#a", "#1", "?", "?1", "?2",
    "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a", "CREATE TRIGGER",
    "SELECT ", "SELECT 1", "WITH x AS (SELECT 1) ", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (?)",
    "REPLACE INTO t VALUES (3)", "UPDATE t SET a = 2", "DELETE FROM t", "RETURNING a",
]  # fmt: skip
TEXTS = st.tuples(st.sampled_from(["", " "]), st.lists(st.sampled_from(PIECES), min_size=1, max_size=7)).map(
    lambda drawn: drawn[0].join(drawn[1])
)

BLANKS = ["\ufeff", "\v", " \v", "\n\v\v", "--x\n\v", "/**/\v", "\t", "\f", "\r", "-- \ufeff\n", "/*\v*/", ";", ""]
BEHIND_BLANKS = [
    "BEGIN",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT a",
    "RELEASE a",
    "INSERT INTO t VALUES (1)",
    "SELECT 7",
]

CHARACTERS = [*map(chr, range(1, 256)), "\u2028", "\u3000", "\ufeff", "\ufffe", "\uef00"]


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    pair = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    for con in pair:
        con.execute("CREATE TABLE t (a)")
    yield pair
    for con in pair:
        con.close()


def after(con: Any, text: str, script: bool) -> tuple[Any, bool, Any]:
    """Returns what the text has done: rows or that it failed, whether a transaction is open, and what is kept."""
    con.rollback()
    con.execute("DELETE FROM t")
    con.commit()
    try:
        told: Any = (con.executescript(text) if script else con.execute(text)).fetchall()
    except (sqlite3.Error, sqlite3.Warning, dqlitepy.Error) as error:
        told = "parameters" if "number of bindings" in str(error) else "failed"
    within = con.in_transaction
    con.rollback()
    return told, within, con.execute("SELECT count(*) FROM t").fetchone()


@settings(derandomize=True, database=None, deadline=None, max_examples=3000, suppress_health_check=list(HealthCheck))
@given(TEXTS, st.sampled_from(["", None]), st.booleans())
def test_generated_texts(both: Pair, text: str, isolation_level: str | None, script: bool) -> None:
    for con in both:
        con.isolation_level = isolation_level
    theirs, ours = (after(con, text, script) for con in both)
    if ours[0] == "parameters":
        # Ours are counted before the text is compiled, and before the implicit BEGIN: see "failed-parameters".
        assert not script
        assert theirs[0] in ("parameters", "failed")
        assert ours[1:] == (False, (0,))
    else:
        assert ours == theirs, repr(text)


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1{};",
        "SELECT 'a'{}",
        "INSERT INTO t VALUES (1);{}",
        "BEGIN{}",
        "SELECT a{}t",
        "INSERT{} INTO t{}(a) VALUES (1)",
    ],
)
def test_every_character_within_and_behind_a_statement(both: Pair, text: str, script: bool) -> None:
    for con in both:
        con.isolation_level = ""
    for character in CHARACTERS:
        for inserted in (character, f" {character}", f"{character} "):
            theirs, ours = (after(con, text.replace("{}", inserted), script) for con in both)
            assert ours == theirs or ours[0] == "parameters", repr(text.replace("{}", inserted))


@pytest.mark.parametrize("parameters", ["?", "?, ?1", ":a", "@a || $a", "'?' || ?", '"a" || ?'])
def test_parameters_of_a_script_are_null(both: Pair, parameters: str) -> None:
    found = []
    for con in both:
        con.isolation_level = ""
        con.execute("CREATE TEMP TABLE u (a, b)")
        con.executescript(
            f"INSERT INTO u SELECT {parameters}{', 1' if ',' not in parameters else ''} FROM (SELECT 'x' a)"
        )
        found.append(con.execute("SELECT * FROM u").fetchall())
        con.execute("DROP TABLE u")
    assert found[0] == found[1]


@pytest.mark.parametrize("isolation_level", ["", None])
@pytest.mark.parametrize("statement", ["BEGIN", "INSERT INTO t VALUES (1)", "PRAGMA user_version"])
def test_every_character_before_a_statement(both: Pair, isolation_level: str | None, statement: str) -> None:
    for con in both:
        con.isolation_level = isolation_level
    for text in [before + character + statement for character in CHARACTERS for before in ("", " ", ";", "/**/")]:
        theirs, ours = (after(con, text, script=False) for con in both)
        assert ours == theirs or (ours[0] == "parameters" and theirs[0] == "failed"), repr(text)


@settings(derandomize=True, database=None, deadline=None, max_examples=1500, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(BLANKS), max_size=3).map("".join), st.sampled_from(BEHIND_BLANKS)),
        max_size=4,
    ),
    st.sampled_from(BLANKS),
    st.sampled_from(["", None]),
)
def test_blanks_before_statements_of_a_script(
    both: Pair, pieces: list[tuple[str, str]], last: str, isolation_level: str | None
) -> None:
    text = ";".join(blank + statement for blank, statement in pieces) + ";" + last
    for con in both:
        con.isolation_level = isolation_level
    theirs, ours = (after(con, text, script=True) for con in both)
    assert ours == theirs, repr(text)
