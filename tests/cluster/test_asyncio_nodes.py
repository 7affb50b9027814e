# SPDX-License-Identifier: Apache-2.0
"""`aio.Node` and `aio.Client`: a cluster that one event loop starts, asks, changes and stops, without threads."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import dqlitepy
import pytest
from dqlitepy import aio
from dqlitepy.members import Role

from tests.cluster.machines import address, addresses, quick
from tests.support import HANG, run_python

_T = TypeVar("_T")

# More than a busy machine takes this thread its core at the very moment in which something begins to be waited for.
ATTEMPTS = 50


@asynccontextmanager
async def cluster(folder: Path, **options: Any) -> AsyncIterator[list[aio.Node]]:
    """Starts three nodes on the running loop."""
    at = addresses(3)
    async with AsyncExitStack() as stack:
        nodes = []
        for number, own in enumerate(at):
            joined = at[:1] if number else []
            node = aio.Node(folder / f"node{number}", address=own, join=joined, **quick(**options))
            nodes.append(await stack.enter_async_context(node))
            await node.wait_ready(HANG)
        yield nodes


async def with_turns(work: Awaitable[_T]) -> tuple[_T, int]:
    """Awaits something; returns what it returned, and how many turns another task had meanwhile.

    None means that it held all others up, or that it had ended before it was looked at, as may be on a busy machine.
    """
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    try:
        return await work, turns
    finally:
        task.cancel()


async def while_others_run(work: Callable[[], Awaitable[_T]]) -> _T:
    """Does something, again where it need not be waited for, and sees that another task gets on with its own."""
    for _ in range(ATTEMPTS):
        result, turns = await with_turns(work())
        if turns:
            return result
    raise AssertionError("nobody else had a turn")


async def settled(client: aio.Client) -> list[dqlitepy.NodeInfo]:
    """Waits until all three nodes have a vote and returns them."""
    while True:
        members = await client.cluster()
        if sum(member.role is Role.VOTER for member in members) == 3:
            return members
        await asyncio.sleep(0.02)


def test_everything_that_a_client_does(tmp_path: Path) -> None:
    async def main() -> None:
        async with cluster(tmp_path) as nodes:
            client = nodes[0].client(timeout=HANG)
            assert isinstance(client, aio.Client)
            members = await settled(client)
            assert {member.address for member in members} == {node.address for node in nodes}
            leader = await while_others_run(client.leader)
            assert leader == await nodes[1].leader
            follower = next(node for node in nodes if node.id != leader.id)
            await client.transfer(follower.id)
            assert (await client.leader()).id == follower.id
            assert await client.leader_of(follower.address) == await follower.leader
            assert sorted(m.id for m in await client.members(nodes[2].address)) == sorted(n.id for n in nodes)
            await client.set_weight(nodes[1].address, 7)
            told = await client.describe(nodes[1].address)
            assert (told.failure_domain, told.weight) == (0, 7)
            async with aio.connect(nodes[0]) as con:
                await con.execute("CREATE TABLE t (a)")
            (tmp_path / "copy.db").write_bytes(await client.dump())
            assert b"CREATE TABLE t (a)" in (tmp_path / "copy.db").read_bytes()
            assert dqlitepy.Client([nodes[0].address], timeout=HANG).leader() == await client.leader()
            with pytest.raises(dqlitepy.OperationalError):
                await client.remove(follower.address)  # it leads
            with pytest.raises(ValueError, match="weight"):
                await client.set_weight(nodes[1].address, -1)

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_members_come_and_go(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.Node(tmp_path / "first", address=address(), bare=True, **quick()) as first:
            await first.wait_ready(HANG)
            client = aio.Client(first.address, timeout=HANG)
            second = aio.Node(tmp_path / "second", address=address(), id=5, bare=True, **quick())
            async with second:
                assert await client.add(second.address, id=5) == dqlitepy.NodeInfo(5, second.address, Role.SPARE)
                await client.assign(5, Role.VOTER)
                await second.wait_ready(HANG)
                assert await second.role is Role.VOTER
                stats = await second.stats()
                assert (stats.id, stats.role, stats.leader) == (5, Role.VOTER, await first.leader)
                await client.assign(5, Role.SPARE)
                await client.remove(second.address)
                assert [member.address for member in await client.cluster()] == [first.address]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_node_costs_no_thread_and_holds_nobody_up(tmp_path: Path) -> None:
    async def use(directory: Path) -> tuple[int, int]:
        node = aio.Node(directory, address=address(), **quick())
        started, turns_at_first = await with_turns(node.start())
        assert started is node
        with pytest.raises(dqlitepy.ProgrammingError, match="runs already"):
            await node.start()
        await node.wait_ready(HANG)
        # The one that brings the log, which nodes of the sync twin have too.
        assert {thread.name for thread in threading.enumerate()} <= {"MainThread", "dqlitepy-log"}
        async with aio.connect(node) as con:
            assert await con.execute_fetchall("SELECT 1") == [(1,)]
        with dqlitepy.connect(node) as sync:  # either twin takes the other's node
            assert sync.execute("SELECT 1").fetchall() == [(1,)]
        sync.close()
        await node.handover()
        _, turns_at_last = await with_turns(node.close())
        await node.close()
        assert not node.running
        with pytest.raises(dqlitepy.ProgrammingError, match="start it first"):
            await node.leader
        return turns_at_first, turns_at_last

    async def main() -> None:
        turns = [0, 0]
        for attempt in range(ATTEMPTS):
            turns = [sum(pair) for pair in zip(turns, await use(tmp_path / str(attempt)), strict=True)]
            if all(turns):
                return
        raise AssertionError(f"nobody else had a turn: {turns}")

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_waiting_for_a_node_holds_nobody_up(tmp_path: Path) -> None:
    """It is not ready before another task has started the node that it joins."""

    async def main() -> None:
        at = addresses(2)
        first = aio.Node(tmp_path / "first", address=at[0], **quick())
        async with aio.Node(tmp_path / "second", address=at[1], join=at[:1], **quick()) as second:
            waiting = asyncio.create_task(second.wait_ready(HANG))
            await asyncio.sleep(0)
            assert not waiting.done()
            async with first:
                await waiting
                assert {member.address for member in await second.client(HANG).cluster()} == set(at)
                await second.close()

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_start_that_is_cancelled_leaves_the_directory_free(tmp_path: Path) -> None:
    async def main() -> None:
        node = aio.Node(tmp_path / "node", address=address(), **quick())
        starting = asyncio.create_task(node.start())
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not node.running
        async with node:
            await node.wait_ready(HANG)

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_what_never_comes_can_be_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host, port = silent.getsockname()
            client = aio.Client(f"{host}:{port}", timeout=HANG)
            for waiting in (client.leader(), client.cluster(), client.dump(), client.members(f"{host}:{port}")):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await waiting
            with pytest.raises(dqlitepy.NoLeaderError, match=str(port)):
                await client.leader(timeout=0.1)
            async with aio.Node(tmp_path / "node", address=address(), join=[f"{host}:{port}"], **quick()) as node:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await node.wait_ready(HANG)
                with pytest.raises(dqlitepy.OperationalError):
                    await node.wait_ready(0.1)

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_node_that_does_not_start_says_why(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "file").touch()
        with pytest.raises(dqlitepy.OperationalError, match="a file"):
            await aio.Node(tmp_path / "file", address=address()).start()
        async with aio.Node(tmp_path / "node", address=address(), **quick()):
            with pytest.raises(dqlitepy.OperationalError):
                await aio.Node(tmp_path / "node", address=address(), **quick()).start()
        snapshot = tmp_path / "node" / "metadata1"
        snapshot.write_bytes(b"x" * snapshot.stat().st_size)
        (tmp_path / "node" / "metadata2").write_bytes(b"x" * 32)
        with pytest.raises(dqlitepy.OperationalError, match="metadata"):
            await aio.Node(tmp_path / "node", **quick()).start()

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_node_outlives_its_loop(tmp_path: Path) -> None:
    node = aio.Node(tmp_path / "node", address=address(), **quick())
    asyncio.run(asyncio.wait_for(node.start(), HANG))
    asyncio.run(asyncio.wait_for(node.wait_ready(HANG), HANG))
    asyncio.run(asyncio.wait_for(node.close(), HANG))
    assert not node.running


def test_a_node_that_nobody_closes(tmp_path: Path) -> None:
    run_python(
        """
import asyncio, gc, logging, sys, warnings
from dqlitepy import aio

# What Python's development mode says of callbacks that take long, as on a busy machine, is no failure.
logging.getLogger("asyncio").setLevel(logging.ERROR)

async def started(number):
    node = aio.Node(f"{sys.argv[1]}/{number}", address=sys.argv[2 + number], network_latency=0.1)
    await node.start()
    await node.wait_ready()
    return node

async def main():
    global forgotten
    forgotten = await started(0)
    dropped = await started(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del dropped
        gc.collect()
    assert [w.category for w in caught] == [ResourceWarning], caught

asyncio.run(main())
# The other one is closed at the end of the interpreter.
""",
        str(tmp_path),
        address(),
        address(),
        options=("-X", "dev", "-W", "error"),
    )
    assert not list((tmp_path / "0").glob("open-*"))  # a node that is stopped in order leaves none
