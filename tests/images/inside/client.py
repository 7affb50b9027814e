# SPDX-License-Identifier: Apache-2.0
"""Run in an emulated system: dqlitepy as a client of a node elsewhere, which is all that works without kernel AIO."""

import asyncio
import os
import sys

import dqlitepy
import dqlitepy.aio

cluster = f"dqlite://{sys.argv[1]}/main"
rows = [(n, f"name {n}", n / 3, bytes([n % 256]) * 10, None) for n in range(10_000)]

con = dqlitepy.connect(cluster)
con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL, d BLOB, e)")
with con:
    con.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
assert con.execute("SELECT * FROM t ORDER BY a").fetchall() == rows
con.execute("DELETE FROM t")
con.rollback()
assert con.execute("SELECT count(*) FROM t").fetchone() == (len(rows),)
con.close()


async def count() -> int:
    """Returns how many rows there are, as asyncio sees it."""
    async with dqlitepy.aio.connect(cluster) as connection:
        row = await (await connection.execute("SELECT count(*) FROM t")).fetchone()
        assert row is not None
        return int(row[0])


assert asyncio.run(count()) == len(rows)

try:
    dqlitepy.connect(":memory:")
except dqlitepy.OperationalError as error:
    assert "asynchronous I/O" in str(error), error
else:
    sys.exit("a node has started: the emulator has learnt kernel AIO, and this should try it as well")

python = "{}.{}.{}".format(*sys.version_info)
linked = ", ".join(f"{name} {version}" for name, version in dqlitepy.versions().items())
print(f"works as a client: {os.uname().machine}, Python {python}, {len(rows)} rows there and back; {linked}")
