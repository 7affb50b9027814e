# SPDX-License-Identifier: Apache-2.0
"""A client in the process of its node that may wait writes its transaction to the log itself; no other thread is woken.

The kernel counts for each thread the bytes that it writes to files: whole blocks to the log, and nothing to a socket.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from pathlib import Path

import dqlitepy
import dqlitepy.aio
import pytest

from tests.support import HANG, free_address

COMMITS = 100
ATTEMPTS = 20
BLOCK = 4096


def written_by_this_thread() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/thread-self/io").read_text().splitlines())
    return int(fields["wchar"])


@pytest.mark.parametrize("isolation_level", [None, "DEFERRED"])
def test_the_thread_that_commits_writes_the_log(tmp_path: Path, isolation_level: str | None) -> None:
    con = dqlitepy.connect(tmp_path / "db", isolation_level=isolation_level)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    written: list[int] = []
    # Where the node is busy for a moment, which on a busy machine may be often, the request goes through the socket.
    while len(written) < ATTEMPTS and max(written, default=0) <= COMMITS * BLOCK // 2:
        before = written_by_this_thread()
        for _ in range(COMMITS):
            con.execute("INSERT INTO t DEFAULT VALUES")
            con.commit()
        written.append(written_by_this_thread() - before)
    assert written[-1] > COMMITS * BLOCK // 2, written
    assert con.execute("SELECT count(*) FROM t").fetchone() == (COMMITS * len(written),)
    con.close()


def test_a_large_transaction_is_left_to_the_node(tmp_path: Path) -> None:
    con = dqlitepy.connect(tmp_path / "db")
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)")
    con.execute("INSERT INTO t (v) VALUES (zeroblob(20 * 4096))")
    before = written_by_this_thread()
    con.commit()
    assert written_by_this_thread() - before < BLOCK
    con.close()


def test_an_event_loop_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    async def insert() -> int:
        async with dqlitepy.aio.connect(tmp_path / "db", isolation_level=None) as con:
            await con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            before = written_by_this_thread()
            for _ in range(COMMITS):
                await con.execute("INSERT INTO t DEFAULT VALUES")
            return written_by_this_thread() - before

    assert asyncio.run(insert()) < COMMITS * BLOCK // 2


def test_signals_end_no_write(tmp_path: Path) -> None:
    con = dqlitepy.connect(tmp_path / "db", isolation_level=None)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    handled = 0

    def count(*_: object) -> None:
        nonlocal handled
        handled += 1

    previous = signal.signal(signal.SIGALRM, count)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    try:
        commits = 0
        while commits < COMMITS or handled < COMMITS:
            con.execute("INSERT INTO t DEFAULT VALUES")
            commits += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert con.execute("SELECT count(*) FROM t").fetchone() == (commits,)
    con.close()


def test_a_node_that_ends_during_writes_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    address = free_address()
    acknowledged: list[tuple[int]] = []
    for start in range(3):
        node = dqlitepy.Node(tmp_path, address=address)
        node.start()
        con = dqlitepy.connect(f"dqlite://{address}/main", isolation_level=None, check_same_thread=False, timeout=1)
        con.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)")
        begun = threading.Event()

        def insert(first: int, con: dqlitepy.Connection, begun: threading.Event) -> None:
            key = first
            try:
                while True:
                    con.execute("INSERT INTO t VALUES (?)", (key,))
                    acknowledged.append((key,))
                    key += 1
                    if key == first + COMMITS:
                        begun.set()
            except dqlitepy.OperationalError:
                begun.set()

        thread = threading.Thread(target=insert, args=(start * 1_000_000, con, begun))
        thread.start()
        assert begun.wait(HANG)
        node.close()
        thread.join(HANG)
        assert not thread.is_alive()
        con.close()
    with dqlitepy.Node(tmp_path, address=address):
        con = dqlitepy.connect(f"dqlite://{address}/main")
        assert len(acknowledged) >= 3 * COMMITS
        assert set(acknowledged) <= set(con.execute("SELECT id FROM t").fetchall())
        con.close()
