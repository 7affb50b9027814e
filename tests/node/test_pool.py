# SPDX-License-Identifier: Apache-2.0
"""`Pool`: threads share connections, fairly, and those that have to be are renewed."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from time import sleep

import dqlitepy
import pytest

from tests.support import HANG


def members(pool: dqlitepy.Pool, count: int) -> list[dqlitepy.Connection]:
    """Returns as many connections of the pool as were in use at a time."""
    with ExitStack() as blocks:
        return sorted((blocks.enter_context(pool.connection()) for _ in range(count)), key=id)


def test_blocks_commit_or_roll_back(directory: Path) -> None:
    with dqlitepy.Pool(directory, min_size=2, max_size=3) as pool:
        assert (pool.size, pool.idle) == (2, 2)
        with pool.connection() as con:
            con.execute("CREATE TABLE t (a)")
            con.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(ZeroDivisionError), pool.connection() as con:
            con.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError
        with pool.connection() as con:
            assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
        assert len({id(con) for con in members(pool, 3)}) == 3
    assert pool.size == 0
    with pytest.raises(dqlitepy.ProgrammingError, match="pool is closed"), pool.connection():
        pass


def test_threads_share(directory: Path) -> None:
    with dqlitepy.Pool(directory, max_size=3, busy_timeout=HANG) as pool:
        with pool.connection() as con:
            con.execute("CREATE TABLE t (a)")
        failures: list[BaseException] = []

        def work() -> None:
            try:
                for value in range(10):
                    with pool.connection() as con:
                        con.execute("INSERT INTO t VALUES (?)", (value,))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG)
        assert not failures
        assert pool.size <= 3 and pool.waiting == 0
        with pool.connection() as con:
            assert con.execute("SELECT count(*), sum(a) FROM t").fetchone() == (100, 450)


def test_who_waits_longest_is_served_first(directory: Path) -> None:
    with dqlitepy.Pool(directory, max_size=1) as pool:
        order: list[int] = []

        def work(number: int) -> None:
            with pool.connection():
                order.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
        with pool.connection():
            for number, thread in enumerate(threads, 1):
                thread.start()
                while pool.waiting < number:
                    sleep(0.001)
        for thread in threads:
            thread.join(HANG)
        assert order == list(range(10))


def test_waiting_ends_in_time(directory: Path) -> None:
    with dqlitepy.Pool(directory, max_size=1) as pool:
        ends: list[BaseException] = []

        def work() -> None:
            try:
                with pool.connection():
                    pass
            except BaseException as error:
                ends.append(error)

        with pool.connection():
            with pytest.raises(dqlitepy.OperationalError, match=r"became free within 0\.05 s"):
                pool.connection(timeout=0.05).__enter__()
            assert pool.waiting == 0
            waiting = threading.Thread(target=work)
            waiting.start()
            while not pool.waiting:
                sleep(0.001)
            pool.close()
            waiting.join(HANG)
        assert [type(end) for end in ends] == [dqlitepy.ProgrammingError]
        assert pool.size == 0


def test_members_are_replaced(directory: Path) -> None:
    with dqlitepy.Pool(directory, min_size=3, max_size=3, check_after=0.0) as pool:
        before = members(pool, 3)
        assert members(pool, 3) == before
        with pool.connection() as con:
            con.close()
        assert pool.size == 2
        with pytest.raises(dqlitepy.LeadershipLostError), pool.connection():
            raise dqlitepy.LeadershipLostError
        after = members(pool, 3)
        assert not {id(con) for con in after} & {id(con) for con in before}
        assert pool.size == 3


def test_members_that_nobody_needs_are_closed(directory: Path) -> None:
    with dqlitepy.Pool(directory, min_size=1, max_size=5, max_idle=0.0) as pool:
        members(pool, 5)
        assert pool.size == 1


def test_what_cannot_be_opened_leaves_its_place(directory: Path) -> None:
    pool = dqlitepy.Pool(directory / "missing" / "folder", max_size=1)
    for _ in range(2):
        with pytest.raises(dqlitepy.OperationalError, match="unable to open"):
            pool.open()
    assert pool.size == 0
    pool.close()


@pytest.mark.parametrize(("least", "most"), [(2, 1), (-1, 1), (0, 0)])
def test_sizes_that_cannot_be(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="cannot have"):
        dqlitepy.Pool(":memory:", min_size=least, max_size=most)
