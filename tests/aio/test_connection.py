# SPDX-License-Identifier: Apache-2.0
"""`aio.Connection` and `aio.Cursor`: what aiosqlite's users do with them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import LEGACY_TRANSACTION_CONTROL, OperationalError, aio

pytestmark = pytest.mark.usefixtures("loop_kind")

ROWS = [(number, str(number)) for number in range(1000)]


async def filled(con: aio.Connection) -> None:
    await con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    await con.executemany("INSERT INTO t VALUES (?, ?)", ROWS)
    await con.commit()


def test_a_connection_is_awaited_or_entered(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
        con = await aio.connect(tmp_path)
        assert await con.execute_fetchall("SELECT count(*) FROM t") == [(1000,)]
        await con.close()
        await con.close()
        with pytest.raises(dqlitepy.ProgrammingError, match="closed"):
            await con.execute("SELECT 1")
        with pytest.raises(dqlitepy.ProgrammingError, match="closed"):
            await con
        unopened = aio.connect(tmp_path)
        with pytest.raises(dqlitepy.ProgrammingError, match="not open yet"):
            await unopened.execute("SELECT 1")
        await unopened.close()

    asyncio.run(main())


def test_what_is_not_committed_is_rolled_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
            await con.execute("DELETE FROM t")
            assert con.in_transaction
        async with aio.connect(tmp_path) as con:
            assert not con.in_transaction
            assert len(await con.execute_fetchall("SELECT * FROM t")) == 1000
            await con.execute("DELETE FROM t WHERE a = 1")
            await con.rollback()
            await con.execute("DELETE FROM t WHERE a = 2")
            await con.commit()
            assert await con.execute_fetchall("SELECT count(*), min(a) FROM t") == [(999, 0)]
            assert con.total_changes == 2

    asyncio.run(main())


def test_cursors(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
            async with con.execute("SELECT a, b FROM t ORDER BY a") as cursor:
                assert [row async for row in cursor] == ROWS
            with pytest.raises(dqlitepy.ProgrammingError, match="closed cursor"):
                await cursor.fetchone()
            async with con.cursor() as cursor:
                assert await cursor.execute("SELECT a FROM t ORDER BY a") is cursor
                assert cursor.description is not None and cursor.description[0][0] == "a"
                assert await cursor.fetchone() == (0,)
                assert await cursor.fetchmany(2) == [(1,), (2,)]
                assert len(await cursor.fetchall()) == 997
                assert await cursor.fetchone() is None
            cursor = await con.cursor()
            await cursor.executemany("UPDATE t SET b = ? WHERE a = ?", [("x", 1), ("y", 2)])
            assert cursor.rowcount == 2
            await cursor.executescript("DELETE FROM t WHERE a > 2; INSERT INTO t VALUES (7, 'seven');")
            assert await con.execute_insert("INSERT INTO t (b) VALUES ('eight')") == (8,)
            assert cursor.connection is con

    asyncio.run(main())


def test_factories_and_types(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path, detect_types=dqlitepy.PARSE_COLNAMES) as con:
            con.row_factory = dqlitepy.Row
            (row,) = await con.execute_fetchall("SELECT 1 AS one, 'x' AS \"two\"")
            assert row["one"] == 1 and row["two"] == "x"
            con.row_factory = None
            con.text_factory = bytes
            assert await con.execute_fetchall("SELECT 'x'") == [(b"x",)]
            assert con.isolation_level == ""
            con.isolation_level = None
            await con.execute("CREATE TABLE u (a)")
            await con.execute("INSERT INTO u VALUES (1)")
            assert not con.in_transaction
            con.isolation_level = "IMMEDIATE"
            await con.execute("INSERT INTO u VALUES (1)")
            with pytest.raises(dqlitepy.ProgrammingError, match="commit it first"):
                con.isolation_level = None

    asyncio.run(main())


def test_a_result_that_streams_survives_the_next_statement(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
            seen = []
            async for a, blob in await con.execute("SELECT a, zeroblob(4000) FROM t ORDER BY a"):
                await con.execute("UPDATE t SET b = ? WHERE a = ?", (len(blob), a))
                seen.append(a)
            assert seen == list(range(1000))
            assert await con.execute_fetchall("SELECT count(*) FROM t WHERE b = 4000") == [(1000,)]

    asyncio.run(main())


def test_errors_are_those_of_the_sync_twin(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
            with pytest.raises(dqlitepy.IntegrityError):
                await con.execute("INSERT INTO t VALUES (1, 1)")
            with pytest.raises(dqlitepy.OperationalError, match="no such table"):
                await con.execute("SELECT * FROM missing")
            with pytest.raises(dqlitepy.ProgrammingError):
                await con.execute("SELECT ?", ())
            with pytest.raises(dqlitepy.NotSupportedError, match="create_function"):
                await con.create_function("f", 0, lambda: 1)
            with pytest.raises(dqlitepy.NotSupportedError, match="extensions"):
                await con.load_extension("x")
            with pytest.raises(TypeError):
                await con.execute(1)  # type: ignore[arg-type]

    asyncio.run(main())


def test_traces_and_dumps(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await filled(con)
            traced: list[str] = []
            await con.set_trace_callback(traced.append)
            await con.execute("SELECT ?", (5,))
            await con.set_trace_callback(None)
            assert traced == ["SELECT 5"]
            committed = [line async for line in con.iterdump()]
            await con.execute("DELETE FROM t")
            uncommitted = [line async for line in con.iterdump()]
            await con.rollback()
            assert len(committed) - len(uncommitted) == 1000
        sync = dqlitepy.connect(tmp_path)
        assert list(sync.iterdump()) == committed
        sync.close()

    asyncio.run(main())


def test_copies(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path / "source") as con, aio.connect(tmp_path / "target") as other:
            await filled(con)
            calls: list[Any] = []
            await con.backup(tmp_path / "copy.db", pages=1, progress=lambda *state: calls.append(state))
            assert calls[-1][:2] == (101, 0) and len(calls) > 2
            with sqlite3.connect(tmp_path / "copy.db") as copy:
                assert copy.execute("SELECT count(*) FROM t").fetchone() == (1000,)
            copy.close()
            memory = sqlite3.connect(":memory:")
            await con.backup(memory)
            assert memory.execute("SELECT * FROM t").fetchall() == ROWS
            memory.close()
            await con.backup(other)
            assert await other.execute_fetchall("SELECT * FROM t") == ROWS
            async with aio.connect(tmp_path / "third", autocommit=False) as third:
                await third.deserialize(await con.serialize())
                assert await third.execute_fetchall("SELECT * FROM t") == ROWS
            await con.execute("DELETE FROM t")
            for refused in (con.backup(tmp_path / "no.db"), con.serialize()):
                with pytest.raises(dqlitepy.OperationalError, match="transaction open"):
                    await refused
            with pytest.raises(ValueError, match="same connection"):
                await con.backup(con)

    asyncio.run(main())


def test_autocommit(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path, autocommit=False) as con:
            assert con.in_transaction and con.autocommit is False
            await con.execute("CREATE TABLE t (a)")
            await con.commit()
            assert con.in_transaction
            await con.execute("INSERT INTO t VALUES (1)")
            await con.rollback()
            assert await con.execute_fetchall("SELECT * FROM t") == []

    asyncio.run(main())


def test_autocommit_is_changed(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con, aio.connect(tmp_path) as other:
            await con.execute("CREATE TABLE t (a)")
            traced: list[str] = []
            await con.set_trace_callback(traced.append)
            con.autocommit = True
            await con.execute("INSERT INTO t VALUES (1)")
            assert not con.in_transaction
            with pytest.raises(dqlitepy.ProgrammingError, match=r"await set_autocommit\(False\)"):
                con.autocommit = False
            await con.set_autocommit(False)
            await con.set_autocommit(False)
            assert con.in_transaction and con.autocommit is False
            await con.execute("INSERT INTO t VALUES (2)")
            with pytest.raises(dqlitepy.ProgrammingError, match=r"await set_autocommit\(True\)"):
                con.autocommit = True
            assert await other.execute_fetchall("SELECT a FROM t") == [(1,)]
            await con.set_autocommit(True)
            assert await other.execute_fetchall("SELECT a FROM t") == [(1,), (2,)]
            await con.execute("BEGIN")
            con.autocommit = False
            await con.rollback()
            con.autocommit = dqlitepy.LEGACY_TRANSACTION_CONTROL
            await con.rollback()
            with pytest.raises(ValueError, match="autocommit must be"):
                await con.set_autocommit(1)
            with pytest.raises(ValueError, match="autocommit must be"):
                con.autocommit = 1
            assert traced == [
                "INSERT INTO t VALUES (1)",
                "BEGIN",
                "INSERT INTO t VALUES (2)",
                "COMMIT",
                "BEGIN",
                "ROLLBACK",
                "BEGIN",
                "ROLLBACK",
            ]

    asyncio.run(main())


def test_a_connection_is_stopped_without_waiting(tmp_path: Path) -> None:
    async def main() -> aio.Connection:
        con = await aio.connect(tmp_path)
        await con.execute(sql="CREATE TABLE t (a)", parameters=None)
        stopping = con.stop()
        assert stopping is not None
        await stopping
        assert con.stop() is None
        with pytest.raises(dqlitepy.ProgrammingError, match="closed"):
            await con.execute("SELECT 1")
        in_thread = await aio.connect(tmp_path)
        await asyncio.to_thread(in_thread.stop)
        while not in_thread._is_closed():
            await asyncio.sleep(0)
        return await aio.connect(tmp_path)

    left = asyncio.run(main())
    assert left.stop() is None  # its loop is closed
    again = dqlitepy.connect(tmp_path)
    assert again.execute("SELECT * FROM t").fetchall() == []
    again.close()


def test_a_statement_on_a_cursor_from_which_another_task_fetches() -> None:
    """Its result is its own: what the other task fetches meanwhile does not come behind it."""
    counting = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000) SELECT n, 'text' FROM c"
    )

    async def main() -> None:
        async with aio.connect(":memory:") as con:
            await con.execute("CREATE TABLE t (a)")
            cursor = await con.execute(counting)
            await cursor.fetchmany(3)
            fetching = asyncio.ensure_future(cursor.fetchall())
            await asyncio.sleep(0)  # it asks for more
            await cursor.execute("INSERT INTO t VALUES (1)")
            assert (cursor.description, cursor.rowcount, await cursor.fetchall()) == (None, 1, [])
            await asyncio.gather(fetching, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.parametrize("check_same_thread", [True, False])
@pytest.mark.parametrize("autocommit", [LEGACY_TRANSACTION_CONTROL, False])
def test_copies_to_and_from_a_blocking_connection(tmp_path: Path, check_same_thread: bool, autocommit: Any) -> None:
    async def main() -> None:
        options: dict[str, Any] = {"check_same_thread": check_same_thread, "autocommit": autocommit}
        blocking, other = (dqlitepy.connect(tmp_path / name, **options) for name in ("blocking", "other"))
        async with aio.connect(tmp_path / "data") as con, aio.connect(tmp_path / "second") as second:
            await con.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
            await con.backup(blocking)
            assert blocking.execute("SELECT a FROM t").fetchall() == [(1,), (2,)]
            blocking.execute("INSERT INTO t VALUES (3)")
            with pytest.raises(OperationalError, match="transaction open"):
                await second.restore(blocking)
            blocking.commit()
            await second.restore(blocking)
            assert await (await second.execute("SELECT a FROM t")).fetchall() == [(1,), (2,), (3,)]
            other.execute("PRAGMA query_only = 1")
            with pytest.raises(OperationalError, match="readonly"):
                await con.backup(other)
        blocking.close()
        other.close()

    asyncio.run(main())
