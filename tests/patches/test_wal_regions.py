# SPDX-License-Identifier: Apache-2.0
"""A connection that first looks at the end of a long WAL does not end the process.

SQLite keeps the index of the WAL in regions of 4,096 frames and maps them as it needs them: the last one first. A
reader that does not end keeps the WAL from being emptied, so it gets long.
"""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

# The third region begins at frame 8,159.
FRAMES = 9_000


def fill(writer: Client) -> int:
    """Writes more frames than two regions hold; returns how many rows there are."""
    writer.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b)")
    rows = f"WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < {FRAMES}) "
    return writer.execute(rows + "INSERT INTO t (b) SELECT zeroblob(4000) FROM r")


def begin_reading(reader: Client) -> None:
    """Keeps the WAL as it is from now on."""
    reader.execute("CREATE TABLE other (a)")
    reader.execute("BEGIN")
    assert reader.scalar("SELECT count(*) FROM other") == 0


def end_reading(reader: Client) -> None:
    assert reader.scalar("SELECT count(*) FROM sqlite_schema") == 1, "the reader sees what came after it"
    reader.execute("COMMIT")


def test_a_new_connection_reads(node: NodeProcess, client: Client) -> None:
    with node.client() as reader:
        begin_reading(reader)
        assert fill(client) == FRAMES
        with node.client() as new:
            assert new.scalar("SELECT count(*) FROM t WHERE a = 5") == 1
            assert new.scalar("SELECT count(*) FROM t") == FRAMES
        end_reading(reader)


def test_an_idle_connection_reads_again(node: NodeProcess, client: Client) -> None:
    with node.client() as reader, node.client() as idle:
        begin_reading(reader)
        assert idle.scalar("SELECT 1 FROM other UNION ALL SELECT 2") == 2
        assert fill(client) == FRAMES
        assert idle.scalar("SELECT count(*) FROM t WHERE a = 5") == 1
        end_reading(reader)


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_connection_that_has_mapped_the_last_region_only_writes(node: NodeProcess, client: Client, end: str) -> None:
    with node.client() as reader:
        begin_reading(reader)
        assert fill(client) == FRAMES
        with node.client() as new, node.client() as witness:
            # The newest row is in the last region; the index is not looked through further than that.
            assert new.scalar(f"SELECT a FROM t WHERE a = {FRAMES}") == FRAMES
            new.execute("BEGIN IMMEDIATE")
            new.execute(f"UPDATE t SET b = 'new' WHERE a = {FRAMES}")
            # So many frames more that the transaction makes a region of its own, which others map before it ends.
            fill(new)
            assert witness.scalar(f"SELECT typeof(b) FROM t WHERE a = {FRAMES}") == b"blob"
            new.execute(end)
            kept = FRAMES if end == "ROLLBACK" else 2 * FRAMES
            for each in witness, new, client:
                assert each.scalar("SELECT count(*) FROM t") == kept
                assert each.scalar(f"SELECT typeof(b) FROM t WHERE a = {FRAMES}") == (
                    b"blob" if end == "ROLLBACK" else b"text"
                )
        end_reading(reader)
    # Nobody reads: the WAL goes into the database and begins anew.
    client.execute("INSERT INTO t (b) VALUES (1)")
    with node.client() as late:
        assert late.scalar("SELECT count(*) FROM t") == kept + 1
        assert late.scalar("PRAGMA integrity_check") == b"ok"


def test_a_failed_statement_of_such_a_connection_leaves_no_trace(node: NodeProcess, client: Client) -> None:
    with node.client() as reader:
        begin_reading(reader)
        assert fill(client) == FRAMES
        with node.client() as new:
            with pytest.raises(Failure, match="UNIQUE constraint failed"):
                new.execute(f"INSERT INTO t (a) VALUES ({FRAMES + 1}), (1)")
            assert new.execute(f"INSERT INTO t (a) VALUES ({FRAMES + 1})") == 1
            assert new.scalar("SELECT max(a) FROM t") == FRAMES + 1
        end_reading(reader)
    assert client.scalar("PRAGMA integrity_check") == b"ok"
