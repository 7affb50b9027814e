# SPDX-License-Identifier: Apache-2.0
"""Server-side cursors: rows are made when they are asked for, and a result of any length needs the memory of a part."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.sqlalchemy.engines import Database, url_of

# The row that fails lies many result pages behind the first: whoever reads the first alone does not meet it.
_BAD = 50_000
FAILS_LATE = sa.text(
    f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= {_BAD})"
    f" SELECT i, CASE WHEN i = {_BAD} THEN abs(-9223372036854775807 - 1) ELSE 'some text beside' END AS t FROM n"
).columns(i=sa.Integer, t=sa.Text)
NUMBERS = sa.text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n"
).columns(i=sa.Integer)


def test_rows_come_before_the_last_one_is_made(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        streaming = connection.execution_options(stream_results=True)
        result = streaming.execute(FAILS_LATE)
        assert [row.i for row in result.fetchmany(5)] == [1, 2, 3, 4, 5]
        with pytest.raises(sa.exc.OperationalError, match="integer overflow"):
            result.fetchall()

    database.connected(work)


def test_a_plain_result_fails_when_it_is_executed_or_fetched(database: Database) -> None:
    """Both ways of reading report the error; neither hands out less than there is."""
    with pytest.raises(sa.exc.OperationalError, match="integer overflow"):
        database.connected(lambda connection: connection.execute(FAILS_LATE).fetchall())


def test_yield_per(database: Database) -> None:
    def work(connection: sa.Connection) -> list[int]:
        result = connection.execute(NUMBERS, execution_options={"yield_per": 1000})
        return [len(part) for part in result.partitions()]

    assert database.connected(work) == [1000] * 20


def test_a_result_that_is_left_early(database: Database) -> None:
    """The connection goes on at once, and so does the next user of it."""

    def work(connection: sa.Connection) -> int:
        result = connection.execution_options(stream_results=True).execute(FAILS_LATE)
        assert result.fetchone() is not None
        result.close()
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        connection.commit()
        unread = connection.execution_options(stream_results=True).execute(FAILS_LATE)
        assert unread.fetchone() is not None
        return int(connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one())

    assert database.connected(work) == 1
    assert database.connected(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM t").scalar()) == 1


def test_writes_beside_a_streaming_result(database: Database) -> None:
    def work(connection: sa.Connection) -> int:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        for part in connection.execute(NUMBERS, execution_options={"yield_per": 5000}).partitions():
            connection.exec_driver_sql("INSERT INTO t VALUES (?)", (len(part),))
        return int(connection.exec_driver_sql("SELECT sum(x) FROM t").scalar_one())

    assert database.run(work) == 20_000


def test_async_streams(tmp_path: Path) -> None:
    async def main() -> None:
        engine = create_async_engine(url_of(tmp_path / "data", "dqlite+aio"))
        async with engine.connect() as connection:
            result = await connection.stream(FAILS_LATE)
            assert [row.i for row in await result.fetchmany(3)] == [1, 2, 3]
            await result.close()
            seen = 0
            async with connection.stream_scalars(NUMBERS) as numbers:
                async for number in numbers:
                    seen += number
            assert seen == 20_000 * 20_001 // 2
            # The event loop goes on while rows come.
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0)

            for _ in range(50):  # again where all rows are there whenever they are looked for, as on a busy machine
                ticking = asyncio.create_task(tick())
                async with connection.stream(FAILS_LATE) as rows:
                    with pytest.raises(sa.exc.OperationalError, match="integer overflow"):
                        async for _ in rows:
                            pass
                ticking.cancel()
                if ticks > 1:
                    break
            assert ticks > 1
        await engine.dispose()

    asyncio.run(main())
