# SPDX-License-Identifier: Apache-2.0
"""A task that is cancelled ends its statement, leaves other connections alone, and its own usable."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

from tests.support import HANG

pytestmark = pytest.mark.usefixtures("loop_kind")

ENDLESS = "WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT {} FROM s"
COMPUTING = ENDLESS.format("max(i)")
# How long a server may take to end a statement, before the connection to it is given up (a little less than it is).
OBEYED = 0.6
STREAMING = ENDLESS.format("i")


@pytest.mark.parametrize("query", [COMPUTING, STREAMING])
def test_a_timeout_ends_the_statement(tmp_path: Path, query: str) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con, aio.connect(tmp_path) as other:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await con.execute_fetchall(query)
            assert await con.execute_fetchall("SELECT 1") == [(1,)]
            assert await other.execute_fetchall("SELECT 2") == [(2,)]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_others_go_on_while_a_statement_runs(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as busy, aio.connect(tmp_path / "other") as con:
            endless = asyncio.create_task(busy.execute_fetchall(COMPUTING))
            for number in range(100):
                assert await con.execute_fetchall("SELECT ?", (number,)) == [(number,)]
            assert not endless.done()
            endless.cancel()
            endless.cancel()
            with pytest.raises(asyncio.CancelledError):
                await endless
            assert await busy.execute_fetchall("SELECT 1") == [(1,)]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_interrupt_ends_the_statement_of_another_task(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            endless = asyncio.create_task(con.execute_fetchall(COMPUTING))
            await asyncio.sleep(0.1)
            await con.interrupt()
            with pytest.raises(dqlitepy.OperationalError, match="interrupted"):
                await endless
            assert await con.execute_fetchall("SELECT 1") == [(1,)]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_transaction_that_goes_with_its_statement_is_told_of(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await con.execute("CREATE TABLE t (a)")
            await con.execute("INSERT INTO t VALUES (1)")
            for _ in range(100):
                cancelled = time.monotonic() + 0.2
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await con.execute(COMPUTING)
                if con.in_transaction:
                    break
                assert time.monotonic() - cancelled > OBEYED  # so slow a server is rightly given up
                await con.rollback()
                await con.execute("INSERT INTO t VALUES (1)")
            assert con.in_transaction
            assert await con.execute_fetchall("SELECT * FROM t") == [(1,)]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await con.execute(f"INSERT INTO t {COMPUTING}")
            with pytest.raises(dqlitepy.LeadershipLostError, match="interrupted"):
                await con.execute("INSERT INTO t VALUES (2)")
            await con.rollback()
            assert await con.execute_fetchall("SELECT * FROM t") == []

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_one_that_waits_for_a_lock_or_its_turn(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as writer, aio.connect(tmp_path, timeout=HANG) as con:
            await writer.execute("CREATE TABLE t (a)")
            await writer.execute("INSERT INTO t VALUES (1)")
            waiting = asyncio.create_task(con.execute_fetchall("INSERT INTO t VALUES (2)"))
            queued = asyncio.create_task(con.execute_fetchall("SELECT 1"))
            await asyncio.sleep(0.1)
            assert not waiting.done() and not queued.done()
            queued.cancel()
            waiting.cancel()
            assert [type(end) for end in await asyncio.gather(waiting, queued, return_exceptions=True)] == [
                asyncio.CancelledError
            ] * 2
            await writer.commit()
            assert await con.execute_fetchall("SELECT a FROM t") == [(1,)]
            await writer.execute("INSERT INTO t VALUES (2)")
            waiting = asyncio.create_task(con.execute_fetchall("INSERT INTO t VALUES (3)"))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await writer.commit()
            await waiting
            await con.commit()
            assert await con.execute_fetchall("SELECT a FROM t ORDER BY a") == [(1,), (2,), (3,)]

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_connecting_can_be_cancelled(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:  # never answers
            host, port = server.getsockname()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await aio.connect(f"dqlite://{host}:{port}/main")
        connecting = [asyncio.ensure_future(aio.connect(tmp_path, leader_timeout=HANG)) for _ in range(20)]
        await asyncio.sleep(0)
        for task in connecting[::2]:
            task.cancel()
        ends = await asyncio.gather(*connecting, return_exceptions=True)
        for end in ends:
            if isinstance(end, aio.Connection):
                assert await end.execute_fetchall("SELECT 1") == [(1,)]
                await end.close()
            else:
                assert isinstance(end, asyncio.CancelledError)
        assert sum(isinstance(end, aio.Connection) for end in ends) >= 10

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_a_cancellation_that_meets_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop hears that a connection is open when its task is cancelled but does not know it yet."""
    monkeypatch.setattr("dqlitepy._native.poller.DRAIN_SECONDS", 1.5 * HANG)

    async def main() -> None:
        async with aio.connect(tmp_path):
            connecting = asyncio.ensure_future(aio.connect(tmp_path))
            await asyncio.sleep(0)
            while connecting.done():  # a busy machine took this thread its core meanwhile: nothing was waited for
                await (await connecting).close()
                connecting = asyncio.ensure_future(aio.connect(tmp_path))
                await asyncio.sleep(0)
            time.sleep(0.2)  # the connection is open by the end of it
            asyncio.get_running_loop().call_soon(connecting.cancel)
            ended, _ = await asyncio.wait([connecting], timeout=HANG)
            assert ended and connecting.cancelled()

    asyncio.run(asyncio.wait_for(main(), HANG))


def test_ctrl_c_ends_the_statement(run_program: Callable[..., str]) -> None:
    run_program(
        """
import asyncio, signal
from dqlitepy import aio

async def main():
    async with aio.connect(":memory:") as con:
        asyncio.get_running_loop().call_later(0.2, signal.raise_signal, signal.SIGINT)
        await con.execute("WITH RECURSIVE s(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM s) SELECT max(i) FROM s")

try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
else:
    raise AssertionError
from dqlitepy._native.library import library
assert library().dqlitepy_open_handles() == 0
""",
        options=("-X", "dev", "-W", "error"),
    )
