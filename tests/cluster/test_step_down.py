# SPDX-License-Identifier: Apache-2.0
"""A leader that loses its majority while it lives: what is not committed is seen by nobody and stays nowhere."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import sleep

import dqlitepy
import pytest

from tests.cluster.machines import Machines
from tests.patches import wire
from tests.protocol import Response, Type
from tests.support import HANG, despite_load, eventually

_WRITERS = 8
_COUNT = "SELECT count(*) FROM t WHERE length(b) < 0"


def _leader(machines: Machines) -> str:
    return machines.client().leader().address


def _follower(machines: Machines, leader: str) -> str:
    return next(address for address in machines.addresses if address != leader)


@contextmanager
def _alone(machines: Machines, leader: str) -> Iterator[None]:
    """The leader's followers stand still meanwhile."""
    others = [node for node in machines.nodes if node.address != leader]
    for node in others:
        node.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in others:
            node.signal(signal.SIGCONT)


def _wait_for_step_down(machines: Machines, leader: str) -> None:
    """Waits until a leader that is alone has noticed."""
    eventually(lambda: machines.client().leader_of(leader), lambda it_follows: it_follows is None)


def _databases(machines: Machines) -> list[list[str]]:
    """Returns what each node holds, as SQL; each has to be sound. One that lags may not have the database yet."""
    found: list[list[str]] = []
    for address in machines.addresses:
        try:
            pages = machines.client().dump("main", address=address)
        except dqlitepy.OperationalError as error:
            assert "has no database" in str(error)
            found.append([])
            continue
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(pages)
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)], address
            found.append(list(copy.iterdump()))
    return found


def _wait_until_equal(machines: Machines) -> list[str]:
    """Waits until all nodes hold the same and returns that, as SQL."""
    databases = eventually(lambda: _databases(machines), lambda found: [] != found[0] == found[1] == found[2])
    return databases[0]


def test_what_is_not_committed_is_not_read(machines: Machines) -> None:
    """Not even where it is more than SQLite copies into the database by itself, if that is left to it."""
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n, b)")
        con.executemany("INSERT INTO t VALUES (?, 0, zeroblob(3500))", [(a,) for a in range(1200)])
        leader = _leader(machines)
        url = f"dqlite://{leader}/main"
        writer = dqlitepy.connect(url, isolation_level=None, leader_timeout=HANG, check_same_thread=False)
        reader = despite_load(lambda: dqlitepy.connect(url, isolation_level=None, leader_timeout=2))
        outcome: list[object] = []

        def write() -> None:
            try:
                writer.execute("UPDATE t SET n = 1")
                outcome.append(None)
            except dqlitepy.Error as error:
                outcome.append(error)

        seen = set()
        with _alone(machines, leader):
            thread = threading.Thread(target=write)
            thread.start()
            try:
                while True:
                    seen.add(reader.execute("SELECT sum(n) FROM t").fetchone()[0])
            except dqlitepy.NoLeaderError:
                pass
        thread.join()
        writer.close()
        reader.close()
        assert seen == {0}
        now = con.execute("SELECT sum(n) FROM t").fetchone()[0]
        assert now in ((1200,) if outcome == [None] else (0, 1200))
    _wait_until_equal(machines)


class _Writer(threading.Thread):
    """Inserts rows of its own, several at a time, which split pages, until it is told to end."""

    def __init__(self, machines: Machines, number: int) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self.refused: list[int] = []
        self.end = False
        self._machines = machines
        self._chance = random.Random(number)

    def run(self) -> None:
        con = self._machines.connect(isolation_level=None)
        while not self.end:
            ids = [self._chance.getrandbits(48) for _ in range(self._chance.choice([1, 3, 10, 25]))]
            try:
                con.execute(f"INSERT INTO t (a, b) VALUES {','.join('(?, zeroblob(150))' for _ in ids)}", ids)
                self.acknowledged += ids
            except dqlitepy.AmbiguousCommitError:
                pass
            except dqlitepy.Error:
                self.refused += ids
                sleep(0.002)
        con.close()


def test_writers_that_wait_for_one_another(machines: Machines) -> None:
    """Their leader lives, the nodes hold the same, and all that was acknowledged, and nothing that was refused."""
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        con.execute("CREATE INDEX t_b ON t (b, a)")
    writers = [_Writer(machines, number) for number in range(_WRITERS)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(5):
            enough = sum(len(writer.acknowledged) for writer in writers) + 200
            eventually(lambda: sum(len(writer.acknowledged) for writer in writers), enough.__lt__)
            leader = _leader(machines)
            with _alone(machines, leader):
                _wait_for_step_down(machines, leader)
    finally:
        for writer in writers:
            writer.end = True
        for writer in writers:
            writer.join()
    _wait_until_equal(machines)
    with closing(machines.connect(isolation_level=None)) as con:
        found = {a for (a,) in con.execute("SELECT a FROM t NOT INDEXED")}
    for writer in writers:
        assert set(writer.acknowledged) <= found
        assert not set(writer.refused) & found


def _is_locked(machines: Machines) -> bool:
    """Whether somebody writes at the leader."""
    with closing(machines.connect(isolation_level=None, timeout=0)) as con:
        try:
            con.execute("BEGIN IMMEDIATE")
            con.execute("ROLLBACK")
        except dqlitepy.OperationalError as error:
            return "locked" in str(error)
    return False


def test_a_statement_ends_with_its_leadership(machines: Machines) -> None:
    """It would otherwise be put on top of what it has not seen, once its node leads again."""
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a)")
    leader = _leader(machines)
    other = _follower(machines, leader)
    # A connection of dqlitepy's would notice that the leader has changed, and end the statement.
    with wire.Client(leader) as bare:
        bare.begin_execute(
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT 'late' FROM (SELECT i FROM n LIMIT 1000000000000) WHERE i = 1"
        )
        eventually(lambda: _is_locked(machines))
        machines.client().transfer(other)
        with closing(machines.connect(isolation_level=None)) as con:
            con.execute("INSERT INTO t VALUES ('in between')")
        machines.client().transfer(leader)
        with pytest.raises(wire.Failure):
            bare.expect(Response.RESULT)
    with closing(machines.connect(isolation_level=None)) as con:
        assert con.execute("SELECT a FROM t").fetchall() == [("in between",)]
    _wait_until_equal(machines)


def _count(reader: wire.Client) -> object:
    """Returns the answer to a query that was sent; it is sent again where the server is busy with a checkpoint."""
    while True:
        try:
            return reader.page().rows
        except wire.Failure as failure:
            assert (failure.code, failure.message) == (5, "checkpoint in progress")
            reader.begin_query(_COUNT)


def test_many_read_first_at_a_new_leader(machines: Machines) -> None:
    """The WAL's index is made anew by one of them; to the others that is no lock that somebody holds."""
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        for _ in range(10):
            for _ in range(40):
                con.execute("INSERT INTO t (b) VALUES (zeroblob(50000))")
            new = _follower(machines, _leader(machines))
            machines.client().transfer(new)
            readers = [despite_load(lambda: wire.Client(new)) for _ in range(16)]  # noqa: B023 - it is called here
            for reader in readers:
                reader.begin_query(_COUNT)
            for reader in readers:
                assert _count(reader) == [((Type.INTEGER, 0),)]
                reader.close()
            con.execute("DELETE FROM t")


@pytest.mark.parametrize("begun", ["BEGIN IMMEDIATE; INSERT INTO t VALUES ('lost')", None])
def test_a_result_that_is_not_read_to_its_end(machines: Machines, begun: str | None) -> None:
    """Its locks end with the leadership, whether its client reads on or not: the node follows, and can lead again."""
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a)")
        con.execute("CREATE TABLE large (b)")
        con.execute("INSERT INTO large WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
                    "SELECT zeroblob(1000000) FROM n")  # fmt: skip
    leader = _leader(machines)
    with wire.Client(leader, receive_buffer=4096) as half:
        if begun:
            half.execute(begun)
        half.begin_query("SELECT b FROM large")
        half.page()
        machines.client().transfer(_follower(machines, leader))
        with closing(machines.connect(isolation_level=None)) as con:
            for _ in range(20):  # a snapshot among them
                con.execute("INSERT INTO t VALUES ('next')")
        machines.client().transfer(leader)
        with closing(dqlitepy.connect(f"dqlite://{leader}/main", isolation_level=None, leader_timeout=HANG)) as con:
            assert con.execute("SELECT DISTINCT a FROM t").fetchall() == [("next",)]
            con.execute("INSERT INTO t VALUES ('again')")
    _wait_until_equal(machines)
