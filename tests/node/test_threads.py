# SPDX-License-Identifier: Apache-2.0
"""Threads: a connection for each, or one that they share and take turns on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest

from tests.node.inside import during_a_call
from tests.support import HANG, open_handles

ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT count(*) FROM r"


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Runs `work` with the numbers up to `count` in a thread each, and raises what any of them raised."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_another_thread_is_refused(con: dqlitepy.Connection) -> None:
    cursor = con.execute("SELECT 1")
    uses: list[Callable[[], object]] = [
        con.cursor,
        con.commit,
        con.rollback,
        con.close,
        lambda: con.execute("SELECT 1"),
        lambda: con.in_transaction,
        lambda: cursor.execute("SELECT 1"),
        cursor.fetchone,
        cursor.fetchall,
        cursor.close,
    ]

    def use(number: int) -> None:
        with pytest.raises(dqlitepy.ProgrammingError, match="created in a thread can only be used in that same thread"):
            uses[number]()

    in_threads(len(uses), use)
    assert cursor.fetchall() == [(1,)]


def test_a_connection_for_each_thread(directory: Path) -> None:
    with dqlitepy.connect(directory) as con:
        con.execute("CREATE TABLE t (thread, n)")

    def work(number: int) -> None:
        mine = dqlitepy.connect(directory, timeout=HANG)
        for n in range(20):
            with mine:
                mine.execute("INSERT INTO t VALUES (?, ?)", (number, n))
            assert mine.execute("SELECT count(*) FROM t WHERE thread = ?", (number,)).fetchone() == (n + 1,)
        mine.close()

    in_threads(8, work)
    assert con.execute("SELECT count(*), count(DISTINCT thread) FROM t").fetchone() == (160, 8)
    con.close()


def test_a_shared_connection_takes_turns(directory: Path) -> None:
    """What `threadsafety` 2 promises: threads may share a connection, each with cursors of its own."""
    con = dqlitepy.connect(directory, check_same_thread=False)
    con.isolation_level = None
    con.execute("CREATE TABLE t (thread, n, filling)")
    con.executemany("INSERT INTO t VALUES (-1, ?, ?)", ((n, "x" * 100) for n in range(5_000)))

    def work(number: int) -> None:
        for n in range(5):
            con.execute("INSERT INTO t VALUES (?, ?, '')", (number, n))
            rows = con.execute("SELECT n, ?, filling FROM t WHERE thread = -1 ORDER BY n", (number,))
            for expected, (found, tag, _) in enumerate(rows):
                assert (found, tag) == (expected, number)
            assert con.execute("SELECT ?", (number * 1000 + n,)).fetchone() == (number * 1000 + n,)

    in_threads(4, work)
    assert con.execute("SELECT count(*) FROM t WHERE thread >= 0").fetchone() == (20,)
    con.close()


def test_a_shared_connection_commits_in_turns(directory: Path) -> None:
    con = dqlitepy.connect(directory, check_same_thread=False)
    con.execute("CREATE TABLE t (thread, n)")

    def work(number: int) -> None:
        for n in range(30):
            con.execute("INSERT INTO t VALUES (?, ?)", (number, n))
            assert con.in_transaction in (True, False)  # another thread may commit it
            con.commit()

    in_threads(6, work)
    assert not con.in_transaction
    assert con.execute("SELECT count(*) FROM t").fetchone() == (180,)
    con.close()


def test_interrupt_from_another_thread(directory: Path) -> None:
    con = dqlitepy.connect(directory)
    begun = threading.Event()

    def interrupt() -> None:
        begun.wait()
        while not ended.wait(0.05):  # until one hits the statement while it runs
            con.interrupt()

    ended = threading.Event()
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        begun.set()
        with pytest.raises(dqlitepy.OperationalError, match="interrupted"):
            con.execute(ENDLESS)
    finally:
        ended.set()
        thread.join()
        con.close()


def test_threads_that_open_and_close_one_directory(directory: Path) -> None:
    """The node starts with the first and stops with the last of them, however they interleave."""
    before = open_handles()
    with dqlitepy.connect(directory) as con:
        con.execute("CREATE TABLE t (a)")
    con.close()

    def work(number: int) -> None:
        for _ in range(5):
            mine = dqlitepy.connect(directory, timeout=HANG)
            with mine:
                mine.execute("INSERT INTO t VALUES (?)", (number,))
            mine.close()

    in_threads(6, work)
    assert open_handles() == before
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT count(*) FROM t").fetchone() == (30,)
    con.close()


def test_a_signal_handler_is_told_to_use_its_own_connection(con: dqlitepy.Connection) -> None:
    def reenter() -> None:
        with pytest.raises(dqlitepy.ProgrammingError, match="^Recursive use of a connection"):
            con.execute("SELECT 2")

    during_a_call(con, reenter)
    assert con.execute("SELECT 1").fetchone() == (1,)


def test_threads_of_asyncio(directory: Path) -> None:
    """`asyncio.to_thread` calls from a thread of its choice, another one each time."""
    con = dqlitepy.connect(directory, check_same_thread=False, isolation_level=None)
    con.execute("CREATE TABLE t (a)")

    async def work(number: int) -> None:
        await asyncio.to_thread(con.execute, "INSERT INTO t VALUES (?)", (number,))
        cursor = await asyncio.to_thread(con.execute, "SELECT a FROM t WHERE a = ?", (number,))
        assert await asyncio.to_thread(cursor.fetchall) == [(number,)]

    async def main() -> None:
        await asyncio.gather(*map(work, range(30)))

    asyncio.run(main())
    assert con.execute("SELECT count(*), count(DISTINCT a) FROM t").fetchone() == (30, 30)
    con.close()
