# SPDX-License-Identifier: Apache-2.0
"""`restore(replace=True)`: the new content in place of the old one, in one transaction."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

from tests.node.schema import contents


def test_everything_is_replaced(populated_con: dqlitepy.Connection, memory: sqlite3.Connection) -> None:
    """Something of everything goes: virtual tables, triggers, views, statistics, counters."""
    memory.executescript("CREATE TABLE plain (other); INSERT INTO plain VALUES (5); PRAGMA user_version = 3")
    populated_con.execute("ANALYZE")
    populated_con.restore(memory, replace=True)
    assert populated_con.execute("SELECT other FROM plain").fetchall() == [(5,)]
    assert populated_con.execute("PRAGMA user_version").fetchone() == (3,)
    assert populated_con.execute("SELECT type, name FROM sqlite_schema WHERE name <> 'sqlite_sequence'").fetchall() == [
        ("table", "plain")
    ]
    assert populated_con.execute("SELECT count(*) FROM sqlite_sequence").fetchone() == (0,)


def test_it_comes_back_as_it_was(populated_con: dqlitepy.Connection, tmp_path: Path) -> None:
    before = contents(populated_con)
    populated_con.backup(tmp_path / "copy.db")
    populated_con.execute("DELETE FROM plain")
    populated_con.execute("CREATE TABLE another (n)")
    populated_con.commit()
    populated_con.restore(tmp_path / "copy.db", replace=True)
    assert contents(populated_con) == before
    assert populated_con.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_empty_database_is_no_obstacle(second_con: dqlitepy.Connection, memory: sqlite3.Connection) -> None:
    memory.execute("CREATE TABLE t (n)")
    second_con.restore(memory, replace=True)
    assert second_con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


@pytest.mark.parametrize("rows", [1, 5000])
def test_a_failure_leaves_what_there_was(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, rows: int
) -> None:
    before = contents(populated_con)
    memory.execute("CREATE TABLE plain (other)")
    memory.executemany("INSERT INTO plain VALUES (?)", [("fine",)] * rows + [("a\0b",)])
    memory.commit()
    with pytest.raises(dqlitepy.DataError):
        populated_con.restore(memory, replace=True)
    assert contents(populated_con) == before


def test_others_see_the_one_or_the_other(
    populated_con: dqlitepy.Connection, memory: sqlite3.Connection, tmp_path: Path
) -> None:
    """Also of a source that would come in pieces."""
    populated_con.execute("CREATE TABLE large (old)")
    populated_con.commit()
    memory.execute("CREATE TABLE large (n, new)")
    memory.executemany("INSERT INTO large VALUES (?, zeroblob(9000))", ((n,) for n in range(2000)))
    memory.commit()
    seen: set[tuple[str, ...]] = set()

    def look(*_: int) -> None:
        seen.add(tuple(name for _, name, *_ in other.execute("PRAGMA table_info(large)")))
        # One that comes in pieces leaves tables of its own meanwhile.
        seen.update(other.execute("SELECT name FROM sqlite_schema WHERE name LIKE '_dqlitepy%'").fetchall())

    with closing(dqlitepy.connect(tmp_path / "data")) as other:
        populated_con.restore(memory, progress=look, replace=True)
    assert seen == {("old",), ("n", "new")}
    assert populated_con.execute("SELECT count(*), sum(length(new)) FROM large").fetchone() == (2000, 18_000_000)


def test_by_an_event_loop(tmp_path: Path) -> None:
    async def main() -> list[tuple[int]]:
        async with aio.connect(tmp_path / "data") as con:
            await con.execute("CREATE TABLE t (old)")
            await con.commit()
            await con.restore(tmp_path / "source.db", replace=True)
            return await (await con.execute("SELECT n FROM t")).fetchall()

    with closing(sqlite3.connect(tmp_path / "source.db")) as source:
        source.executescript("CREATE TABLE t (n); INSERT INTO t VALUES (1)")
    assert asyncio.run(main()) == [(1,)]
