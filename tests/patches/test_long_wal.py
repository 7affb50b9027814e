# SPDX-License-Identifier: Apache-2.0
"""A WAL that is long, because somebody reads, holds what it should, and gets short again."""

from __future__ import annotations

import threading
import time

from tests.patches.node import NodeProcess
from tests.patches.wire import Client
from tests.protocol import Response

# Of a part of the WAL's index: the first one has room for less, beside the header.
_PART = 4096

_ROWS = 500

# Where the bound begins, and how many frames more are allowed for a millisecond of the longest read: see
# docs/operations.md.
_BOUND = 2_000
_BOUND_PER_MS = 300


def _make_table(client: Client) -> None:
    client.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n, b)")
    client.execute(
        f"WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n WHERE a < {_ROWS}) "
        "INSERT INTO t SELECT a, 0, zeroblob(3500) FROM n"
    )


def test_it_holds_what_was_committed(node: NodeProcess, client: Client) -> None:
    """Commits and rollbacks of all sizes, on both sides of the places where a part of the index ends."""
    _make_table(client)
    with node.client() as reader, node.client() as other:
        reader.execute("BEGIN")
        assert reader.scalar("SELECT sum(n) FROM t") == 0
        expected = 0
        size = 1
        while client.wal_frames() < 2 * _PART:
            size = size * 3 % 401
            client.execute("BEGIN IMMEDIATE")
            client.execute(f"UPDATE t SET n = n + 1 WHERE a <= {size}")
            client.execute("SAVEPOINT s")
            client.execute(f"UPDATE t SET n = n + 100 WHERE a > {_ROWS - size}")
            client.execute("ROLLBACK TO s")
            client.execute("COMMIT")
            expected += size
            client.execute("BEGIN IMMEDIATE")
            client.execute("UPDATE t SET n = -1")
            client.execute("ROLLBACK")
            assert other.scalar("SELECT sum(n) FROM t") == expected
            assert reader.scalar("SELECT sum(n) FROM t") == 0
        assert client.scalar("PRAGMA integrity_check") == b"ok"
        reader.execute("ROLLBACK")
        assert reader.scalar("SELECT sum(n) FROM t") == expected
        # The next commit copies the WAL, or the next one behind a snapshot: the log had bytes enough for one.
        while client.wal_frames() > 0:
            client.execute("UPDATE t SET n = n + 1 WHERE a = 1")
            expected += 1
        assert other.scalar("SELECT sum(n) FROM t") == expected


def test_it_gets_short_beside_reads_that_overlap_all_the_time(node: NodeProcess, client: Client) -> None:
    """They wait for the moment that it takes to copy the WAL, and all of them are answered."""
    _make_table(client)
    end = threading.Event()
    sums: list[object] = []

    def read() -> None:
        # Always with the next query on its way before the last one is answered.
        with node.client() as reader:
            sql = "SELECT sum(n) FROM t, (VALUES (1), (2), (3))"
            reader.begin_query(sql)
            while not end.is_set():
                reader.begin_query(sql)
                sums.append(reader.page().rows[0][0][1])
            reader.page()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        longest = written = 0
        while True:
            client.execute(f"UPDATE t SET n = n + 1 WHERE a % 10 = {written % 10}")
            written += 1
            frames = client.wal_frames()
            if longest > 2_000 and frames < longest:
                break
            longest = max(longest, frames)
            # A machine on which the reads leave a moment by themselves never comes to that.
            if written > 1_000:
                break
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert len(set(sums)) <= written + 1
    assert client.scalar("SELECT sum(n) FROM t") == written * _ROWS // 10


def test_its_length_has_a_bound(node: NodeProcess, client: Client) -> None:
    """One of two reads is always under way. Without the bound the WAL holds all that was ever written.

    Each commit comes while a read, which has sent its first rows, looks for a last one; so no commit finds a moment
    without one. The bound is a multiple of how long that read goes on then, whatever that is on this machine.
    """
    _make_table(client)
    endless = (
        "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n) "
        "SELECT b FROM t WHERE a <= 100 UNION ALL SELECT count(*) FROM t, n"
    )
    with node.client() as reading, node.client() as other:
        reading.begin_query(endless)
        reading.page()
        longest = slowest = frames = 0
        while frames >= longest:
            longest = frames
            assert longest <= max(_BOUND, _BOUND_PER_MS * slowest) + 2 * _ROWS
            begun = time.monotonic()
            # Both at once: the read begins, or waits, as soon as the commit is there.
            other.begin_execute("UPDATE t SET n = n + 1")
            other.begin_query(endless)
            other.expect(Response.RESULT)
            reading.interrupt()
            reading.drain()
            slowest = max(slowest, int(1_000 * (time.monotonic() - begun)) + 1)
            other.page()
            frames = client.wal_frames()
            reading, other = other, reading
    assert longest > _BOUND // 2


def test_a_short_one_keeps_nobody_waiting(client: Client) -> None:
    _make_table(client)
    for _ in range(30):
        client.execute("UPDATE t SET n = n + 1 WHERE a <= 100")
        assert client.wal_frames() < 1_000 + 101
