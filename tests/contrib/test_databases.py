# SPDX-License-Identifier: Apache-2.0
"""encode/databases with the URLs of `dqlitepy.contrib.databases`, on a directory and on a node."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dqlitepy
import dqlitepy.contrib.databases  # that the URLs are known
import pytest
import sqlalchemy as sa
from databases import Database

from tests.support import free_address

notes = sa.Table("note", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String))


async def use(url: str) -> None:
    async with Database(url, timeout=10.0) as database:
        await database.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
        assert await database.execute(notes.insert().values(text="a")) == 1
        await database.execute_many("INSERT INTO note (text) VALUES (:text)", [{"text": "b"}, {"text": "c"}])
        async with database.transaction():
            await database.execute(notes.insert(), {"text": "d"})
            with pytest.raises(LookupError):
                async with database.transaction():
                    await database.execute(notes.insert(), {"text": "taken back"})
                    raise LookupError
        with pytest.raises(LookupError):
            async with database.transaction():
                await database.execute(notes.insert(), {"text": "lost"})
                raise LookupError
        assert [row.text for row in await database.fetch_all(notes.select())] == ["a", "b", "c", "d"]
        assert [row.text async for row in database.iterate(notes.select().where(notes.c.id > 3))] == ["d"]
        assert await database.fetch_val("SELECT count(*) FROM note") == 4
        with pytest.raises(dqlitepy.IntegrityError):
            await database.execute(notes.insert(), {"text": "a"})


def test_a_directory(tmp_path: Path) -> None:
    asyncio.run(use(f"dqlite:///{tmp_path}/data"))
    assert (tmp_path / "data").is_dir()


def test_a_directory_beside_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(use("dqlite:///data"))
    assert (tmp_path / "data").is_dir()


def test_a_cluster(tmp_path: Path) -> None:
    address = free_address()
    with dqlitepy.Node(tmp_path / "data", address=address, bare=True) as node:
        node.wait_ready()
        asyncio.run(use(f"dqlite://{address}/other"))
        with dqlitepy.connect(node, name="other") as con:
            assert con.execute("SELECT count(*) FROM note").fetchone() == (4,)
        con.close()
