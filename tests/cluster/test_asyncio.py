# SPDX-License-Identifier: Apache-2.0
"""asyncio's connections and pools on a cluster whose leader changes."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path

import dqlitepy
from dqlitepy import aio

from tests.cluster.machines import Machines, wait_for_voters
from tests.support import HANG


def test_connections_find_the_next_leader(three: list[dqlitepy.Node]) -> None:
    async def main() -> None:
        known = three[0].client(timeout=HANG).leader()
        leader = next(node for node in three if node.id == known.id)
        url = f"dqlite://{','.join(node.address for node in three)}/main"
        async with aio.connect(url, leader_timeout=HANG) as con, aio.Pool(url, max_size=4, timeout=HANG) as pool:
            await con.execute("CREATE TABLE t (a)")
            await con.execute("INSERT INTO t VALUES (1)")
            await con.commit()
            endless = asyncio.create_task(
                con.execute("WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT max(i) FROM s")
            )
            await asyncio.sleep(0.1)
            endless.cancel()
            await asyncio.gather(endless, return_exceptions=True)
            await asyncio.to_thread(leader.close)
            assert await con.execute_fetchall("SELECT a FROM t") == [(1,)]

            async def add(value: int) -> None:
                async with pool.connection() as member:
                    await aio.run_transaction(
                        member, lambda con: con.execute("INSERT INTO t VALUES (?)", (value,)), timeout=HANG
                    )

            await asyncio.gather(*map(add, range(2, 20)))
            assert await con.execute_fetchall("SELECT count(*), max(a) FROM t") == [(19, 19)]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_pool_follows_the_leader_in_silence(three: list[dqlitepy.Node]) -> None:
    """One connection goes to the next leader without an error; the others, which know nothing of it, are renewed."""
    url = f"dqlite://{','.join(node.address for node in three)}/main"
    client = three[0].client(timeout=HANG)
    wait_for_voters(client, 3)

    async def main() -> None:
        async with aio.Pool(url, min_size=3, max_size=3, timeout=HANG) as pool:

            async def members() -> list[aio.Connection]:
                async with AsyncExitStack() as blocks:
                    return [await blocks.enter_async_context(pool.connection()) for _ in range(3)]

            before = await members()
            assert set(await members()) == set(before)
            await asyncio.to_thread(change_leader, client)
            async with pool.connection() as first:
                assert await first.execute_fetchall("SELECT 1") == [(1,)]
            after = await members()
            assert set(after) & set(before) == {first}
            assert pool.size == 3
            assert set(await members()) == set(after)

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_pool_of_threads_follows_the_leader_in_silence(three: list[dqlitepy.Node]) -> None:
    url = f"dqlite://{','.join(node.address for node in three)}/main"
    client = three[0].client(timeout=HANG)
    wait_for_voters(client, 3)
    with dqlitepy.Pool(url, min_size=3, max_size=3, timeout=HANG) as pool:

        def members() -> list[dqlitepy.Connection]:
            with ExitStack() as blocks:
                return [blocks.enter_context(pool.connection()) for _ in range(3)]

        before = members()
        assert set(members()) == set(before)
        change_leader(client)
        with pool.connection() as first:
            assert first.execute("SELECT 1").fetchall() == [(1,)]
        after = members()
        assert set(after) & set(before) == {first}
        assert pool.size == 3
        assert set(members()) == set(after)


def change_leader(client: dqlitepy.Client) -> None:
    """Lets another voter lead."""
    leader = client.leader()
    client.transfer(next(node.id for node in client.cluster() if node.id != leader.id))


def test_linearizable_selects(three: list[dqlitepy.Node]) -> None:
    async def main() -> None:
        async with aio.connect(f"dqlite://{three[0].address}/main", linearizable=True) as con:
            await con.execute("CREATE TABLE t (a)")
            for value in range(5):
                await con.execute("INSERT INTO t VALUES (?)", (value,))
                await con.commit()
                assert await con.execute_fetchall("SELECT max(a) FROM t") == [(value,)]
            await asyncio.gather(*(con.execute_fetchall("SELECT max(a) FROM t") for _ in range(20)))

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_leader_that_dies_under_64_tasks(tmp_path: Path) -> None:
    """Each task is told what became of its statement; what was acknowledged is there, and the loop never waits."""
    with Machines(tmp_path, 3) as machines:
        client = machines.client()
        wait_for_voters(client, 3)
        url = f"dqlite://{','.join(machines.addresses)}/main"
        acknowledged: set[int] = set()
        attempted: set[int] = set()

        async def write(con: aio.Connection, first: int, killed: asyncio.Event) -> None:
            for value in itertools.count(first, 64):
                attempted.add(value)
                with suppress(dqlitepy.AmbiguousCommitError):
                    await con.execute("INSERT INTO t VALUES (?)", (value,))
                    acknowledged.add(value)
                    if killed.is_set():
                        return

        async def main() -> None:
            killed = asyncio.Event()
            async with AsyncExitStack() as stack:
                connections = [
                    await stack.enter_async_context(
                        aio.connect(url, isolation_level=None, timeout=HANG, leader_timeout=HANG)
                    )
                    for _ in range(64)
                ]
                await connections[0].execute("CREATE TABLE t (a INTEGER)")
                tasks = [asyncio.create_task(write(con, at, killed)) for at, con in enumerate(connections)]
                while len(acknowledged) < 64:
                    await asyncio.sleep(0.01)
                machines.at((await aio.Client(machines.addresses, timeout=HANG).leader()).address).kill()
                killed.set()
                await asyncio.gather(*tasks)
                found = {a for (a,) in await connections[0].execute_fetchall("SELECT a FROM t")}
                assert acknowledged <= found <= attempted

        asyncio.run(asyncio.wait_for(main(), HANG))
