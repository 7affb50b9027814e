# SPDX-License-Identifier: Apache-2.0
"""Reads at the node of this process, or at the nearest one: of what is committed, and never back in time."""

from __future__ import annotations

import asyncio
import signal
from contextlib import closing
from typing import Any

import dqlitepy
import pytest
from dqlitepy import aio

from tests.cluster.machines import Machines
from tests.support import HANG, eventually

PATIENT = {"reads": "local", "timeout": HANG, "isolation_level": None}


def connect(node: dqlitepy.Node | str, **options: Any) -> dqlitepy.Connection:
    """Returns a connection that reads at that node."""
    con: dqlitepy.Connection = dqlitepy.connect(node, **{**PATIENT, **options})
    return con


def count(con: dqlitepy.Connection) -> int:
    """Returns how many rows the connection sees."""
    [(rows,)] = con.execute("SELECT count(*) FROM t")
    return int(rows)


def test_a_connection_sees_what_it_has_written(three: list[dqlitepy.Node]) -> None:
    with closing(connect(three[1])) as con:
        con.execute("CREATE TABLE t (n)")
        for number in range(100):
            con.execute("INSERT INTO t VALUES (?)", (number,))
            assert count(con) == number + 1
        assert con.execute("SELECT changes(), last_insert_rowid()").fetchall() == [(1, 100)]
        assert con.execute("INSERT INTO t VALUES (1) RETURNING n").fetchall() == [(1,)]
        assert count(con) == 101
        con.execute("BEGIN IMMEDIATE")
        con.execute("DELETE FROM t")
        assert count(con) == 0  # in the transaction, at the leader
        con.execute("COMMIT")
        assert count(con) == 0


@pytest.mark.parametrize(
    "failing",
    [
        "INSERT OR FAIL INTO t VALUES (?), (0)",
        "INSERT OR FAIL INTO t VALUES (?), (0) RETURNING n",
    ],
)
def test_a_statement_that_fails_may_have_written(three: list[dqlitepy.Node], failing: str) -> None:
    with closing(connect(three[1])) as con:
        con.execute("CREATE TABLE t (n UNIQUE)")
        con.execute("INSERT INTO t VALUES (0)")
        for number in range(1, 20):
            with pytest.raises(dqlitepy.IntegrityError):
                con.execute(failing, (number,)).fetchall()
            seen = con.execute("SELECT n FROM t ORDER BY n").fetchall()
            con.reads = "leader"
            assert seen == con.execute("SELECT n FROM t ORDER BY n").fetchall()
            con.reads = "local"
        if "RETURNING" not in failing:
            with pytest.raises(dqlitepy.IntegrityError):
                con.executemany(failing, [(100,), (101,)])
            assert len(con.execute("SELECT n FROM t").fetchall()) >= 2


def test_a_position_takes_what_was_written_to_another_connection(three: list[dqlitepy.Node]) -> None:
    with closing(connect(three[1])) as writer, closing(connect(three[2])) as reader:
        assert reader.position == 0
        writer.execute("CREATE TABLE t (n)")
        for number in range(50):
            writer.execute("INSERT INTO t VALUES (?)", (number,))
            reader.position = writer.position
            assert count(reader) == number + 1
        assert reader.position == writer.position
        reader.position = 1  # never back
        assert reader.position == writer.position
        reader.position = 2**62  # as a client may send it
        assert reader.position == 2**62
        reader.position = 0
        assert count(reader) == 50
        with pytest.raises(ValueError, match="is an index in a log, not -1"):
            reader.position = -1


def test_no_leader_is_needed(three: list[dqlitepy.Node]) -> None:
    with closing(connect(three[2])) as con:
        con.execute("CREATE TABLE t (n)")
        con.execute("INSERT INTO t VALUES (1)")
        assert count(con) == 1
        for node in three[:2]:
            node.close(handover=False)
        assert count(con) == 1
        with closing(connect(three[2])) as fresh:
            assert count(fresh) == 1
            with pytest.raises(dqlitepy.StaleReadError, match="^the node has applied the log up to entry"):
                fresh.position = con.position + 1
                fresh.execute("PRAGMA busy_timeout = 1")
        with closing(connect(three[2], timeout=0.01)) as hasty:
            hasty.position = con.position + 1
            with pytest.raises(dqlitepy.StaleReadError, match="^the node has applied the log up to entry"):
                count(hasty)
        with (
            closing(connect(three[2], max_staleness=0.001)) as strict,
            pytest.raises(
                dqlitepy.StaleReadError, match=r"^the node may lack what was committed in the last \d+\.\d s"
            ),
        ):
            while True:  # until it has noticed
                count(strict)


def test_the_next_node_is_not_older(machines: Machines) -> None:
    """Of a connection whose node is gone, and of one whose node comes back from its disk."""
    followers = [node for node in machines.nodes if node.address != machines.client().leader().address]
    url = "dqlite://" + ",".join(node.address for node in followers)
    with closing(connect(url)) as con, closing(machines.connect(isolation_level=None)) as writer:
        writer.execute("CREATE TABLE t (n)")
        con.execute("INSERT INTO t VALUES (0)")
        seen = count(con)
        for node in followers * 2:
            node.kill()
            writer.execute("INSERT INTO t VALUES (1)")
            now = count(con)
            assert now >= seen
            seen = now
            node.start()
            node.wait_ready()


def test_a_node_that_says_nothing_is_left(machines: Machines) -> None:
    followers = [node for node in machines.nodes if node.address != machines.client().leader().address]
    with closing(connect("dqlite://" + ",".join(node.address for node in followers))) as con:
        con.execute("CREATE TABLE t (n)")
        for still, other in (followers, followers[::-1]):
            assert count(con) == 0
            still.signal(signal.SIGSTOP)
            assert count(con) == 0
            still.signal(signal.SIGCONT)
            other.signal(signal.SIGSTOP)
            assert count(con) == 0
            other.signal(signal.SIGCONT)


def test_what_goes_to_the_leader(three: list[dqlitepy.Node]) -> None:
    with closing(connect(three[1])) as con:
        con.execute("CREATE TABLE t (n)")
        con.execute("CREATE TEMP TABLE own (n)")
        con.execute("INSERT INTO own VALUES (5)")
        assert con.execute("SELECT n FROM own").fetchall() == [(5,)]
        with pytest.raises(dqlitepy.OperationalError, match="^no such table: nowhere$"):
            con.execute("SELECT * FROM nowhere")
    with closing(connect(three[1])) as con:
        con.execute("INSERT INTO t VALUES ('a')")
        con.execute("PRAGMA case_sensitive_like = 1")
        assert con.execute("SELECT count(*) FROM t WHERE n LIKE 'A'").fetchall() == [(0,)]


def test_how_a_connection_reads_can_be_changed(three: list[dqlitepy.Node]) -> None:
    with closing(connect(three[1])) as con:
        con.execute("CREATE TABLE t (n)")
        for reads in ("leader", "linearizable", "local"):
            con.reads = reads
            assert con.reads == reads
            assert con.linearizable == (reads == "linearizable")
            assert count(con) == 0
        with pytest.raises(ValueError, match="^reads must be 'leader', 'linearizable' or 'local', not 'near'$"):
            con.reads = "near"  # type: ignore[assignment]
    with closing(dqlitepy.connect(three[1], reads="linearizable")) as con:
        assert con.linearizable
        with pytest.raises(dqlitepy.ProgrammingError, match="^open the connection with reads='local'"):
            con.reads = "local"
        with pytest.raises(dqlitepy.ProgrammingError, match="^only a connection that was opened with reads='local'"):
            con.position  # noqa: B018


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reads": "local", "linearizable": True}, "contradict each other"),
        ({"reads": "nowhere"}, "^reads must be"),
        ({"max_staleness": 1.0}, "^max_staleness is for reads='local'"),
        ({"reads": "local", "max_staleness": 0}, "^max_staleness must be at least a millisecond"),
        ({"reads": "local", "max_staleness": float("nan")}, "^max_staleness must be a number"),
    ],
)
def test_what_contradicts_itself_is_refused(options: dict[str, Any], message: str) -> None:
    for connect in (dqlitepy.connect, aio.connect):
        with pytest.raises(ValueError, match=message):
            connect("dqlite://127.0.0.1:1", **options)


def test_connections_of_a_pool_see_what_the_others_have_written(three: list[dqlitepy.Node]) -> None:
    with dqlitepy.Pool(three[1], min_size=2, max_size=2, reads="local", busy_timeout=HANG) as pool:
        with pool.connection() as con:
            con.execute("CREATE TABLE t (n)")
        for number in range(20):
            with pool.connection() as con:
                con.execute("INSERT INTO t VALUES (1)")
                with pool.connection() as other:  # of the one before it
                    assert count(other) >= number
            with pool.connection() as first, pool.connection() as second:
                assert count(first) == count(second) == number + 1
        with pool.connection() as con:
            con.position = 2**62
        for _ in range(2):
            with pool.connection() as con:
                assert count(con) == 20


def test_with_asyncio(three: list[dqlitepy.Node]) -> None:
    async def run() -> None:
        async with aio.connect(three[1], **PATIENT) as con, aio.connect(three[2], **PATIENT) as other:
            await con.execute("CREATE TABLE t (n)")
            for number in range(50):
                await con.execute("INSERT INTO t VALUES (1)")
                other.position = con.position
                for reader in (con, other):
                    assert await reader.execute_fetchall("SELECT count(*) FROM t") == [(number + 1,)]

    asyncio.run(run())


def test_a_directory_of_its_own_is_read_in_the_same_way() -> None:
    with closing(connect(":memory:", max_staleness=HANG)) as con:
        con.execute("CREATE TABLE t (n)")
        con.execute("INSERT INTO t VALUES (1)")
        assert count(con) == 1
        assert con.position > 0
        eventually(lambda: count(con))
