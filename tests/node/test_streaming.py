# SPDX-License-Identifier: Apache-2.0
"""Results larger than one batch: they stream, make way for other statements, and can be left early."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import dqlitepy
import pytest

from tests.node.inside import rows_at_hand
from tests.support import open_handles

ROWS = 50_000


@pytest.fixture
def con(directory: Path) -> Iterator[dqlitepy.Connection]:
    """Yields a connection to a table of several batches, which are about 256 KiB each."""
    connection = dqlitepy.connect(directory)
    with connection:
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", all_rows())
    yield connection
    connection.close()


def all_rows() -> list[tuple[int, str]]:
    return [(n, f"row {n} " + "x" * 40) for n in range(ROWS)]


def test_the_result_comes_in_batches(con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    assert cursor.fetchone() == (0, "row 0 " + "x" * 40)
    assert 1 < rows_at_hand(cursor) < ROWS / 4, "otherwise the tests here test nothing"


@pytest.mark.parametrize("way", ["iterate", "fetchall", "fetchmany", "fetchone", "mixed"])
def test_all_rows_come_once_and_in_order(con: dqlitepy.Connection, way: str) -> None:
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    rows: list[tuple[int, str]] = []
    if way == "iterate":
        rows = list(cursor)
    elif way == "fetchall":
        rows = cursor.fetchall()
    elif way == "fetchmany":
        while batch := cursor.fetchmany(777):
            assert len(batch) == 777 or cursor.fetchone() is None
            rows += batch
    elif way == "fetchone":
        while row := cursor.fetchone():
            rows.append(row)
    else:
        rows = [cursor.fetchone(), *cursor.fetchmany(30_001), next(cursor), *cursor.fetchall()]
    assert rows == all_rows()
    assert cursor.fetchone() is None
    assert cursor.fetchall() == cursor.fetchmany(5) == []


def test_another_statement_does_not_cut_a_result_off(con: dqlitepy.Connection) -> None:
    first = con.execute("SELECT * FROM t ORDER BY a")
    head = first.fetchmany(3)
    second = con.execute("SELECT * FROM t ORDER BY a")
    assert second.fetchone() == all_rows()[0]
    assert head + first.fetchall() == all_rows()
    assert second.fetchall() == all_rows()[1:]


def test_a_loop_over_a_result_may_write(con: dqlitepy.Connection) -> None:
    for n, (a, _) in enumerate(con.execute("SELECT * FROM t ORDER BY a")):
        assert n == a
        if a % 1000 == 0:
            con.execute("UPDATE t SET b = 'changed' WHERE a = ?", (a,))
        if a == ROWS // 2:
            con.commit()
    con.commit()
    assert con.execute("SELECT count(*) FROM t WHERE b = 'changed'").fetchone() == (ROWS // 1000,)


def test_a_result_sees_what_was_there_when_it_began(con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    cursor.fetchone()
    con.execute("DELETE FROM t")
    con.commit()
    assert cursor.fetchall() == all_rows()[1:]


def test_a_result_survives_a_rollback(con: dqlitepy.Connection) -> None:
    con.execute("DELETE FROM t WHERE a < 0")
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    con.rollback()
    assert cursor.fetchall() == all_rows()


def test_a_cursor_that_is_used_again_forgets_its_result(con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT * FROM t ORDER BY a")
    cursor.fetchone()
    assert cursor.execute("SELECT 'new'").fetchall() == [("new",)]


def test_a_closed_cursor_lets_go_of_its_lock(directory: Path, con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT * FROM t")
    cursor.fetchone()
    cursor.close()
    assert con.execute("SELECT count(*) FROM t").fetchone() == (ROWS,)
    other = dqlitepy.connect(directory, timeout=0)
    with other:
        other.execute("DELETE FROM t")
    other.close()
    assert con.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_cursor_that_nobody_holds_makes_way(con: dqlitepy.Connection) -> None:
    assert con.execute("SELECT * FROM t ORDER BY a").fetchone() == all_rows()[0]
    gc.collect()
    assert con.execute("SELECT max(a) FROM t").fetchone() == (ROWS - 1,)


def test_closing_with_a_result_under_way(directory: Path) -> None:
    """Stock dqlite ends the process here."""
    before = open_handles()
    for _ in range(3):
        con = dqlitepy.connect(directory)
        con.execute("CREATE TABLE IF NOT EXISTS t (a, b)")
        with con:
            con.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 500) for n in range(10_000)))
        cursor = con.execute("SELECT * FROM t")
        cursor.fetchone()
        con.close()
    assert open_handles() == before


def test_an_error_behind_many_rows_comes_after_them(con: dqlitepy.Connection) -> None:
    query = f"SELECT a, CASE WHEN a = {ROWS - 10} THEN abs(-9223372036854775808) ELSE b END FROM t ORDER BY a"
    cursor = con.execute(query)
    for n in range(100):
        assert cursor.fetchone()[0] == n
    with pytest.raises(dqlitepy.OperationalError, match="^integer overflow$"):
        cursor.fetchall()
    assert con.execute("SELECT 1").fetchone() == (1,)


def test_an_error_while_making_way_belongs_to_the_result_that_made_way(con: dqlitepy.Connection) -> None:
    query = f"SELECT a, CASE WHEN a = {ROWS - 10} THEN abs(-9223372036854775808) ELSE b END FROM t ORDER BY a"
    cursor = con.execute(query)
    assert con.execute("SELECT 1").fetchall() == [(1,)]
    read = 0
    with pytest.raises(dqlitepy.OperationalError, match="^integer overflow$"):
        for _ in cursor:
            read += 1
    assert read > 1
    with pytest.raises(dqlitepy.OperationalError, match="^integer overflow$"):
        cursor.fetchone()


def test_a_large_returning_is_committed_whole(con: dqlitepy.Connection) -> None:
    con.isolation_level = None
    rows = con.execute("INSERT INTO t SELECT a + 1000000, b FROM t RETURNING a, b").fetchall()
    assert len(rows) == ROWS
    assert con.execute("SELECT count(*) FROM t").fetchone() == (2 * ROWS,)


def test_a_script_runs_a_returning_to_its_end(con: dqlitepy.Connection) -> None:
    con.executescript("INSERT INTO t SELECT a + 1000000, b FROM t RETURNING a, b; SELECT * FROM t;")
    assert con.execute("SELECT count(*) FROM t").fetchone() == (2 * ROWS,)
