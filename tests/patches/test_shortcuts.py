# SPDX-License-Identifier: Apache-2.0
"""A client in the process of its node does the node's work on its own thread: nobody is woken for a short statement.

A thread that sleeps until another one wakes it is a voluntary context switch, so those tell who did the work. Through
the socket there are two for each statement.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.support import eventually, free_address

STATEMENTS = 500
ATTEMPTS = 20
SMALL_STACK = 256 << 10


def switches(work: Callable[[], object]) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before


def wakes_no_thread(con: dqlitepy.Connection) -> bool:
    """Tells whether the connection can do without others: on a busy machine they wake up for their own work, too."""
    return any(switches(lambda: select_often(con)) < STATEMENTS for _ in range(ATTEMPTS))


@pytest.fixture
def con(tmp_path: Path) -> dqlitepy.Connection:
    """A connection to an embedded node, which may be used by all threads."""
    con = dqlitepy.connect(tmp_path / "db", check_same_thread=False, isolation_level=None)
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    con.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
    return con


def select_often(con: dqlitepy.Connection) -> None:
    for _ in range(STATEMENTS):
        assert con.execute("SELECT v FROM t WHERE id = ?", (2,)).fetchall() == [("two",)]


def test_a_select_by_key_wakes_no_thread(con: dqlitepy.Connection) -> None:
    assert wakes_no_thread(con)
    con.close()


def test_loopback_select_wakes_no_thread(tmp_path: Path) -> None:
    address = free_address()
    with dqlitepy.Node(tmp_path, address=address):
        con = dqlitepy.connect(f"dqlite://{address}/main", isolation_level=None)
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
        con.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
        assert wakes_no_thread(con)
        con.close()


def test_what_follows_the_first_page_comes_in_order(con: dqlitepy.Connection) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n"
    for _ in range(3):
        assert con.execute(numbers).fetchall() == [(i,) for i in range(1, 50001)]
        assert con.execute("SELECT v FROM t WHERE id = 1").fetchone() == ("one",)
    con.close()


def test_a_small_stack_parses_no_sql(con: dqlitepy.Connection) -> None:
    thread = threading.Thread(target=select_often, args=(con,))

    def run() -> None:
        before = threading.stack_size(SMALL_STACK)
        try:
            thread.start()
        finally:
            threading.stack_size(before)
        thread.join()

    assert switches(run) > STATEMENTS
    con.close()


def test_the_node_knows_that_a_client_is_in_its_process(tmp_path: Path) -> None:
    with dqlitepy.Node(tmp_path, address=free_address()) as node, closing(dqlitepy.connect(node)) as con:

        def found() -> list[dqlitepy.ConnectionInfo]:
            con.execute("SELECT 1")
            return [each for each in node.connections() if each.database == "main"]

        [own] = eventually(found, lambda all: all[0].in_process)
        assert own.address.startswith("127.0.0.1:")
