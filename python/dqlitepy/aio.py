# SPDX-License-Identifier: Apache-2.0
"""dqlitepy for asyncio, with the surface of aiosqlite and without its threads.

    import asyncio
    from dqlitepy import aio

    async def main():
        async with aio.connect("data/") as con:
            await con.execute("CREATE TABLE IF NOT EXISTS t (name TEXT, n INTEGER)")
            await con.execute("INSERT INTO t VALUES (?, ?)", ("a", 1))
            await con.commit()
            async with con.execute("SELECT name, n FROM t") as cursor:
                async for name, n in cursor:
                    print(name, n)

    asyncio.run(main())

A connection belongs to the event loop that opens it, and runs one statement at a time: tasks that share one take turns.
Cancelling a task, as `asyncio.timeout` does, ends its statement.
"""

from __future__ import annotations

from dqlitepy._async import Result
from dqlitepy._async_connection import Connection, connect
from dqlitepy._async_cursor import Cursor
from dqlitepy._async_pool import Pool

__all__ = ["Connection", "Cursor", "Pool", "Result", "connect"]
