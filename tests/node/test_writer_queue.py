# SPDX-License-Identifier: Apache-2.0
"""The server queues a writer behind another: its turn comes at once, without another attempt of its client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dqlitepy
from dqlitepy import aio

from tests.support import HANG, free_address


def test_a_writer_waits_in_the_servers_queue(tmp_path: Path) -> None:
    async def work(node: dqlitepy.Node) -> list[tuple[str]]:
        async with (
            aio.connect(node, timeout=HANG) as first,
            aio.connect(node, timeout=0) as second,
            aio.connect(node) as third,
        ):
            await first.execute("CREATE TABLE t (v TEXT)")
            await first.execute("INSERT INTO t VALUES ('first')")
            waiting = asyncio.create_task(second.execute("INSERT INTO t VALUES ('second')"))
            for _ in range(3):  # the server's loop has come round: a writer that it refuses has its error by now
                await third.execute("SELECT count(*) FROM sqlite_schema WHERE name = 't'")
            assert not waiting.done()
            await first.commit()
            await waiting
            await second.commit()
            return await (await third.execute("SELECT v FROM t ORDER BY rowid")).fetchall()

    with dqlitepy.Node(tmp_path, address=free_address(), busy_timeout=HANG) as node:
        assert asyncio.run(work(node)) == [("first",), ("second",)]
