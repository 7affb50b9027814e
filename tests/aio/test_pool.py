# SPDX-License-Identifier: Apache-2.0
"""`aio.Pool`: fair, bounded, and its connections renewed when they have to be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

pytestmark = pytest.mark.usefixtures("loop_kind")


def test_blocks_commit_or_roll_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, min_size=2, max_size=3) as pool:
            assert (pool.size, pool.idle) == (2, 2)
            async with pool.connection() as con:
                await con.execute("CREATE TABLE t (a)")
                await con.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(ZeroDivisionError):
                async with pool.connection() as con:
                    await con.execute("INSERT INTO t VALUES (2)")
                    raise ZeroDivisionError
            async with pool.connection() as con, pool.connection() as other, pool.connection() as third:
                assert len({con, other, third}) == 3 and pool.idle == 0
                assert await third.execute_fetchall("SELECT a FROM t") == [(1,)]
            assert (pool.size, pool.idle) == (3, 3)
        assert pool.size == 0
        with pytest.raises(dqlitepy.ProgrammingError, match="pool is closed"):
            async with pool.connection():
                pass

    asyncio.run(main())


def test_who_waits_longest_is_served_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, max_size=2) as pool:
            order: list[int] = []

            async def work(number: int) -> None:
                async with pool.connection() as con:
                    order.append(number)
                    assert await con.execute_fetchall("SELECT ?", (number,)) == [(number,)]

            async with pool.connection(), pool.connection():
                tasks = [asyncio.create_task(work(number)) for number in range(50)]
                await asyncio.sleep(0)
                assert pool.waiting == 50
                for task in tasks[10:20]:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert order == [number for number in range(50) if not 10 <= number < 20]
            assert (pool.size, pool.waiting) == (2, 0)

    asyncio.run(main())


def test_waiting_ends_in_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, max_size=1) as pool:
            async with pool.connection():
                with pytest.raises(dqlitepy.OperationalError, match="became free within 0.05 s"):
                    async with pool.connection(timeout=0.05):
                        pass
                assert pool.waiting == 0
                waiting = asyncio.create_task(_use(pool))
                await asyncio.sleep(0)
                await pool.close()
                with pytest.raises(dqlitepy.ProgrammingError, match="pool is closed"):
                    await waiting
            assert pool.size == 0

    asyncio.run(main())


@pytest.mark.parametrize("close", [False, True])
def test_who_is_cancelled_when_its_turn_comes_leaves_nothing(tmp_path: Path, close: bool) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, max_size=1) as pool:
            async with pool.connection() as con:
                waiting = [asyncio.create_task(_use(pool)) for _ in range(2)]
                await asyncio.sleep(0)
                assert pool.waiting == 2
            assert pool.waiting == 1  # the first has the connection, and does not know yet
            waiting[0].cancel()
            if close:
                await pool.close()
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert isinstance(told[0], asyncio.CancelledError)
            if close:
                assert isinstance(told[1], dqlitepy.ProgrammingError)
                assert pool.size == 0
                with pytest.raises(dqlitepy.ProgrammingError, match="closed"):
                    await con.execute("SELECT 1")
            else:
                assert told[1] is None
                assert (pool.size, pool.idle) == (1, 1)

    asyncio.run(main())


def test_members_are_replaced(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, min_size=3, max_size=3, check_after=0.0) as pool:
            before = await _members(pool, 3)
            assert await _members(pool, 3) == before
            async with pool.connection() as con:
                await con.close()
            assert pool.size == 2
            with pytest.raises(dqlitepy.LeadershipLostError):
                async with pool.connection():
                    raise dqlitepy.LeadershipLostError
            after = await _members(pool, 3)
            assert not {id(con) for con in after} & {id(con) for con in before}
            assert pool.size == 3

    asyncio.run(main())


def test_members_that_nobody_needs_are_closed(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Pool(tmp_path, min_size=1, max_size=5, max_idle=0.0) as pool:
            await _members(pool, 5)
            assert pool.size == 1

    asyncio.run(main())


def test_what_cannot_be_opened_leaves_its_place(tmp_path: Path) -> None:
    async def main() -> None:
        pool = aio.Pool(tmp_path / "missing" / "folder", max_size=1)
        for _ in range(2):
            with pytest.raises(dqlitepy.OperationalError, match="unable to open"):
                await pool.open()
        assert pool.size == 0
        await pool.close()

    asyncio.run(main())


@pytest.mark.parametrize("sizes", [(2, 1), (-1, 1), (0, 0)])
def test_sizes_that_cannot_be(sizes: Iterable[int]) -> None:
    least, most = sizes
    with pytest.raises(ValueError, match="cannot have"):
        aio.Pool(":memory:", min_size=least, max_size=most)


async def _use(pool: aio.Pool) -> None:
    async with pool.connection():
        pass


async def _members(pool: aio.Pool, count: int) -> list[aio.Connection]:
    blocks = [pool.connection() for _ in range(count)]
    members = [await block.__aenter__() for block in blocks]
    for block in blocks:
        await block.__aexit__(None, None, None)
    return sorted(members, key=id)
