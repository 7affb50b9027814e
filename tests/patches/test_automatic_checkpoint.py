# SPDX-License-Identifier: Apache-2.0
"""SQLite never copies a WAL into the database by itself: it would copy what raft has not committed.

Two things switch that off, and either alone suffices: the other tests here fail only without both.
"""

from __future__ import annotations

from tests.patches.node import NodeProcess
from tests.patches.wire import Client


def test_it_is_off_in_each_connection(node: NodeProcess) -> None:
    """Also in the first one, which makes the database, and in one that opens what is there."""
    for _ in range(3):
        with node.client() as client:
            assert client.scalar("PRAGMA wal_autocheckpoint") == 0
            client.execute("CREATE TABLE IF NOT EXISTS t (a)")


def test_it_is_off_by_default(client: Client) -> None:
    """Else the call in db__open() would be all that keeps it off. Upstream's unit tests ask for that one.

    See replication/openWithoutCheckpoint.
    """
    assert client.scalar("SELECT sqlite_compileoption_used('DEFAULT_WAL_AUTOCHECKPOINT=0')") == 1


def test_a_long_transaction_leaves_its_frames_in_the_wal(node: NodeProcess) -> None:
    """They are copied when they are applied and nobody reads, which the reader here prevents."""
    with node.client() as writer, node.client() as reader:
        writer.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        reader.execute("BEGIN")
        assert reader.scalar("SELECT count(*) FROM t") == 0
        writer.execute(
            "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n WHERE a < 1500) "
            "INSERT INTO t SELECT a, zeroblob(4000) FROM n"
        )
        assert int(writer.scalar("PRAGMA wal_frames") or 0) > 1500
        assert reader.scalar("SELECT count(*) FROM t") == 0
        reader.execute("ROLLBACK")
        assert reader.scalar("SELECT count(*) FROM t") == 1500
