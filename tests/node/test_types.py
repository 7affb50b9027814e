# SPDX-License-Identifier: Apache-2.0
"""Values that go in and come out: every type, nothing changed behind the user's back, `sqlite3` as the oracle."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from typing import Any

import dqlitepy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def databases() -> Iterator[tuple[Any, Any]]:
    """Yields a connection of each module to a table without types."""
    theirs, ours = sqlite3.connect(":memory:"), dqlitepy.connect(":memory:")
    for con in (theirs, ours):
        con.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v)")
    yield theirs, ours
    theirs.close()
    ours.close()


# Lone surrogates have no UTF-8, and dqlite's protocol has no text with a NUL inside: both are refused, see below.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUE = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | TEXT | st.binary() | st.booleans()
# Blobs and texts that look like the opcodes in which rows cross.
OPCODES = st.lists(st.sampled_from(list(b"\x80\x03N.K(tX]eBC\x85\x86\x87\x8aGcos\x00\xff")), max_size=30).map(bytes)


def exactly(rows: list[tuple[Any, ...]]) -> list[list[tuple[str, str]]]:
    """Returns the rows in a form in which 1, 1.0 and True differ, as do 0.0 and -0.0, and NaN equals itself."""
    return [[(type(value).__name__, repr(value)) for value in row] for row in rows]


@settings(
    derandomize=True, database=None, deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(VALUE | OPCODES, min_size=1, max_size=20))
def test_select_gives_parameters_back(databases: tuple[Any, Any], values: list[Any]) -> None:
    query = f"SELECT {', '.join('?' * len(values))}"
    theirs, ours = (con.execute(query, values).fetchall() for con in databases)
    assert exactly(ours) == exactly(theirs)


@settings(
    derandomize=True, database=None, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.lists(VALUE | OPCODES, max_size=50))
def test_what_is_stored_comes_back(databases: tuple[Any, Any], values: list[Any]) -> None:
    results = []
    for con in databases:
        with con:
            con.execute("DELETE FROM t")
            con.executemany("INSERT INTO t (n, v) VALUES (?, ?)", enumerate(values))
        results.append(con.execute("SELECT v, typeof(v) FROM t ORDER BY n").fetchall())
    assert exactly(results[1]) == exactly(results[0])


@pytest.mark.parametrize("number", [0, 1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_integers_at_the_edges_of_their_opcodes(con: dqlitepy.Connection, number: int, sign: int) -> None:
    for value in (sign * number, sign * number - 1):
        assert con.execute("SELECT ?", (value,)).fetchone() == (value,)
        assert con.execute(f"SELECT {value}").fetchone() == (value,)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65535, 65536, 300_000, 3_000_000])
@pytest.mark.parametrize("make", [lambda size: "é" * size, lambda size: bytes([0, 255, 46]) * size])
def test_sizes(con: dqlitepy.Connection, size: int, make: Any) -> None:
    value = make(size)
    assert con.execute("SELECT ? AS v", (value,)).fetchone() == (value,)
    assert con.execute("SELECT length(?) AS v", (value,)).fetchone() == (len(value),)


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 1900])
def test_numbers_of_columns(con: dqlitepy.Connection, columns: int) -> None:
    row = tuple([None, 1, 1.5, "text", b"blob"][n % 5] for n in range(columns))
    query = f"SELECT {', '.join(f'? AS c{n}' for n in range(columns))}"
    cursor = con.execute(query, row)
    assert cursor.fetchall() == [row]
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == [f"c{n}" for n in range(columns)]


@pytest.mark.parametrize("count", [255, 256, 300, 32766])
def test_numbers_of_parameters(con: dqlitepy.Connection, count: int) -> None:
    query = f"SELECT sum(column1) FROM (VALUES {', '.join(['(?)'] * count)})"
    assert con.execute(query, range(count)).fetchone() == (sum(range(count)),)


def test_one_parameter_too_many_for_sqlite(con: dqlitepy.Connection) -> None:
    with pytest.raises(dqlitepy.OperationalError, match="too many SQL variables"):
        con.execute(f"SELECT 1 WHERE 1 IN ({', '.join('?' * 32767)})", range(32767))
    assert con.execute("SELECT 1").fetchone() == (1,)


DECLARED = ["DATETIME", "DATE", "TIMESTAMP", "BOOLEAN", "INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", ""]


@pytest.mark.parametrize("declared", DECLARED)
def test_no_declared_type_changes_a_value(declared: str) -> None:
    """Stock dqlite ends the process for some of these, and turns NULL into something else for others."""
    values = [None, 0, 1, 2, -5, 1.5, "", "yes", "2020-01-01", "2020-01-01 00:00:00", "1.5", b"", b"x", 2**40, 1e300]
    results = []
    for module in (sqlite3, dqlitepy):
        con: Any = module.connect(":memory:")
        con.execute(f"CREATE TABLE t (v {declared})")
        con.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        results.append(con.execute("SELECT v FROM t").fetchall())
        con.close()
    assert exactly(results[1]) == exactly(results[0])


def test_nan_is_null(con: dqlitepy.Connection) -> None:
    assert con.execute("SELECT ?", (math.nan,)).fetchone() == (None,)


def test_a_nul_in_a_text_parameter_shifts_nothing(con: dqlitepy.Connection) -> None:
    """In dqlite's protocol the rest of that text would be taken for the next parameters."""
    with pytest.raises(dqlitepy.ProgrammingError, match="parameter 1.*NUL.*Bind it as bytes"):
        con.execute("SELECT ?, ?, ?", ("ab\0cdefghijklmnop", "second", 7))
    con.execute("CREATE TABLE t (a, b)")
    with pytest.raises(dqlitepy.ProgrammingError, match="parameter 2.*NUL"):
        con.executemany("INSERT INTO t VALUES (?, ?)", [("x", "a\0b")])
    assert con.execute("SELECT ?", (b"a\0b",)).fetchone() == (b"a\0b",)


def test_text_that_is_not_utf_8(con: dqlitepy.Connection) -> None:
    with pytest.raises(dqlitepy.OperationalError, match="Could not decode to UTF-8 column 'name'"):
        con.execute("SELECT CAST(x'ff41' AS TEXT) AS name").fetchall()
    assert con.execute("SELECT 1").fetchone() == (1,)


def test_names_of_columns(con: dqlitepy.Connection) -> None:
    cursor = con.execute('SELECT 1 AS a, 2 AS a, 3 AS "", 4 AS "é 🐍", 5 AS "x [int]"')
    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["a", "a", "", "é 🐍", "x [int]"]
