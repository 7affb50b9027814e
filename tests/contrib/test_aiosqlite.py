# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy.contrib.aiosqlite` has what libraries use of aiosqlite, under its own names."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiosqlite as theirs
import dqlitepy
import pytest
from dqlitepy.contrib import aiosqlite as ours

from tests.support import run_python


def test_the_names_of_aiosqlite_are_there() -> None:
    assert set(theirs.__all__) - {"__version__"} <= set(ours.__all__)
    assert (ours.core.Connection, ours.core.connect, ours.cursor.Cursor) == (ours.Connection, ours.connect, ours.Cursor)
    for name in ours.__all__:
        assert getattr(ours, name) is not None


@pytest.mark.parametrize("module", [theirs, ours], ids=["aiosqlite", "dqlitepy"])
def test_a_program(module: Any, tmp_path: Path) -> None:
    class Place:
        def __str__(self) -> str:
            return str(tmp_path / "data")

    async def main() -> list[Any]:
        told: list[Any] = []
        async with module.connect(Place(), iter_chunk_size=1, isolation_level=None) as con:
            con._conn.row_factory = module.Row
            await con.execute("CREATE TABLE t (a)")
            told.append(await con.execute_insert("INSERT INTO t VALUES (?)", ("x",)))
            async with con.execute("SELECT a FROM t") as cursor:
                told += [tuple(row) async for row in cursor]
        with pytest.raises(ValueError, match="^no active connection$"):
            con._conn  # noqa: B018
        with pytest.raises(ValueError, match="onnection"):
            await con.execute("SELECT 1")
        return [tuple(one) for one in told]

    assert asyncio.run(main()) == [(1,), ("x",)]


def test_what_is_closed_is_also_what_sqlite3_raises(tmp_path: Path) -> None:
    async def main() -> None:
        con = await ours.connect(tmp_path / "data")
        cursor = await con.execute("SELECT 1")
        await con.close()
        with pytest.raises(dqlitepy.ProgrammingError, match="^Connection closed$"):
            await cursor.fetchall()

    asyncio.run(main())


def test_it_takes_the_place_of_aiosqlite() -> None:
    run_python(
        """
        import dqlitepy.contrib.aiosqlite
        dqlitepy.contrib.aiosqlite.install()
        dqlitepy.contrib.aiosqlite.install()
        import aiosqlite, aiosqlite.core
        from aiosqlite.cursor import Cursor
        assert aiosqlite is dqlitepy.contrib.aiosqlite and aiosqlite.core.Connection is aiosqlite.Connection
        """
    )


def test_it_does_not_if_somebody_may_have_the_other_one() -> None:
    with pytest.raises(ImportError, match="^aiosqlite is imported already"):
        ours.install()
