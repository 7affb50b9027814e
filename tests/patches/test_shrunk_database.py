# SPDX-License-Identifier: Apache-2.0
"""A database that has fewer pages than before can be copied while its WAL is not yet written back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.patches.wire import Client

# More than the pages after which dqlite writes its WAL back, so that the main file is long.
FILL = (
    "WITH n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO t SELECT zeroblob(4000) FROM n"
)


def test_a_copy_after_vacuum(client: Client) -> None:
    client.execute("CREATE TABLE t (v)")
    client.execute(FILL)
    client.execute("DELETE FROM t WHERE rowid > 3")
    client.execute("VACUUM")
    for _ in range(3):  # what was overwritten shows late
        data = bytearray(client.dump())
        data[18:20] = b"\x01\x01"  # the WAL is no part of it
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(bytes(data))
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert copy.execute("SELECT count(*) FROM t").fetchone() == (3,)
    assert client.scalar("SELECT count(*) FROM t") == 3
