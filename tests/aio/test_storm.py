# SPDX-License-Identifier: Apache-2.0
"""Tasks that are cancelled at any moment: nothing acknowledged is lost, nothing hangs, and every connection goes on."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

from tests.support import HANG, open_handles

pytestmark = pytest.mark.usefixtures("loop_kind")

ENDLESS = "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT {} FROM s"
ATTEMPTS = 600


class Storm:
    """Work on a few connections, and what of it was acknowledged."""

    def __init__(self, connections: list[aio.Connection], pool: aio.Pool, chance: random.Random) -> None:
        self.connections = connections
        self.pool = pool
        self.chance = chance
        self.attempted: set[int] = set()
        self.acknowledged: set[int] = set()

    async def attempt(self, number: int) -> None:
        """Does one thing, which may be cancelled at any moment."""
        con = self.chance.choice(self.connections)
        match self.chance.randrange(5):
            case 0:
                self.attempted.add(number)
                await con.execute("INSERT INTO t VALUES (?)", (number,))
                self.acknowledged.add(number)
            case 1:
                await self.insert_by_pool(number)
            case 2:
                async with con.execute(ENDLESS.format("i, zeroblob(4000)")) as cursor:
                    async for _ in cursor:
                        pass
            case 3:
                await con.execute_fetchall(ENDLESS.format("max(i)"))
            case 4:
                async with asyncio.timeout(self.chance.random() / 20):
                    await con.execute_fetchall("SELECT max(a), count(*) FROM t")

    async def insert_by_pool(self, number: int) -> None:
        self.attempted.add(number)
        async with self.pool.connection() as member:
            await member.execute("INSERT INTO t VALUES (?)", (number,))
        self.acknowledged.add(number)

    async def rage(self) -> None:
        """Makes the attempts and cancels each, some more than once. A few inserts are spared."""
        running: set[asyncio.Task[None]] = set()
        spared: list[asyncio.Task[None]] = []
        for number in range(ATTEMPTS):
            if number % 100 == 0:  # on a slow machine no other insert may get through
                spared.append(asyncio.create_task(self.insert_by_pool(ATTEMPTS + number)))
            running.add(asyncio.create_task(self.attempt(number)))
            if len(running) > 12:
                for task in self.chance.sample(sorted(running, key=id), self.chance.randrange(1, 8)):
                    task.cancel()
                if self.chance.random() < 0.5:
                    await asyncio.sleep(self.chance.random() / 100)
                else:
                    await asyncio.sleep(0)
            ended = {task for task in running if task.done()}
            for task in ended:
                self.judge(task)
            running -= ended
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        for task in running:
            self.judge(task)
        await asyncio.gather(*spared)

    @staticmethod
    def judge(task: asyncio.Task[None]) -> None:
        """Lets what a cancelled neighbour may cause pass, and nothing else."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, dqlitepy.OperationalError | TimeoutError):
            raise error


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_lost_in_a_storm_of_cancellations(tmp_path: Path, seed: int) -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(aio.connect(tmp_path, isolation_level=None, timeout=HANG))
                for _ in range(4)
            ]
            await connections[0].execute("CREATE TABLE t (a INTEGER)")
            pool = await stack.enter_async_context(aio.Pool(tmp_path, max_size=3, timeout=HANG, busy_timeout=HANG))
            storm = Storm(connections, pool, random.Random(seed))
            await storm.rage()
            assert storm.acknowledged
            for con in connections:
                found = {a for (a,) in await con.execute_fetchall("SELECT a FROM t")}
                assert storm.acknowledged <= found <= storm.attempted
            async with pool.connection() as member:
                rows = [a for (a,) in await member.execute_fetchall("SELECT a FROM t")]
                # A write that was cancelled may still have been under way when the others were asked.
                assert found <= set(rows) <= storm.attempted
                assert len(rows) == len(set(rows)), "a write was run twice"
            assert pool.waiting == 0

    asyncio.run(asyncio.wait_for(main(), HANG))
    assert open_handles() == 0
