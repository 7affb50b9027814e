# SPDX-License-Identifier: Apache-2.0
"""A transaction that others wait for, and whose client says nothing, is ended; whatever else is idle goes on."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.wire import HANG_SECONDS, Client, Failure
from tests.support import eventually, free_address, python

NOT_LEADER = 10 | 40 << 8
BUSY = 5
LIMIT = 0.2
WHY = "the node ended the transaction: its client had sent nothing for idle_transaction_timeout"
ENDLESS = "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n) "


@pytest.fixture
def node(tmp_path: Path) -> Iterator[dqlitepy.Node]:
    with dqlitepy.Node(tmp_path, address=free_address(), bare=True, idle_transaction_timeout=LIMIT) as running:
        running.wait_ready(HANG_SECONDS)
        yield running


@pytest.fixture
def other(node: dqlitepy.Node) -> Iterator[Client]:
    """A client that goes on."""
    with Client(node.address) as client:
        client.execute("CREATE TABLE t (a)")
        yield client


def write(client: Client) -> bool:
    """Tells whether the client could write, which waits for nobody for long."""
    try:
        client.execute("INSERT INTO t VALUES ('other')")
    except Failure as failure:
        assert failure.code == BUSY
        return False
    return True


def is_told(client: Client) -> None:
    """Nothing that the client sends runs, and least of all outside of its transaction."""
    for sql in "COMMIT", "INSERT INTO t VALUES ('outside')", "COMMIT":
        with pytest.raises(Failure) as failure:
            client.execute(sql)
        assert (failure.value.code, failure.value.message) == (NOT_LEADER, WHY)


def values(client: Client) -> list[object]:
    return sorted({row[0][1] for row in client.query("SELECT a FROM t")}, key=str)


def test_one_that_writes(node: dqlitepy.Node, other: Client, caplog: pytest.LogCaptureFixture) -> None:
    with Client(node.address) as idle:
        idle.execute("BEGIN")
        idle.execute("INSERT INTO t VALUES ('inside')")
        eventually(lambda: write(other))
        is_told(idle)
        assert values(other) == [b"other"]
        host, port = idle.socket.getsockname()
    told = re.compile(
        rf"ended a transaction of a client \({host}:{port}\) on database main, which had been open for \d+\.\d s: "
        r"it had sent nothing for \d+\.\d s, which is idle_transaction_timeout"
    )
    assert len(eventually(lambda: [record for record in caplog.records if told.search(record.getMessage())])) == 1


def test_who_waits_for_the_lock_goes_on(tmp_path: Path) -> None:
    address = free_address()
    with dqlitepy.Node(
        tmp_path, address=address, bare=True, busy_timeout=HANG_SECONDS, idle_transaction_timeout=LIMIT
    ) as running:
        running.wait_ready(HANG_SECONDS)
        with Client(address) as idle, Client(address) as waiting:
            idle.execute("CREATE TABLE t (a)")
            idle.execute("BEGIN IMMEDIATE")
            waiting.execute("INSERT INTO t VALUES ('other')")
            is_told(idle)


def test_one_that_has_read(node: dqlitepy.Node, other: Client) -> None:
    """It is ended once somebody has committed what it keeps in the WAL, and not before."""
    with Client(node.address) as first, Client(node.address) as second:
        for reader in first, second:
            reader.execute("BEGIN")
            reader.query("SELECT * FROM t")
        idle_for(node, 3 * LIMIT)
        first.query("SELECT * FROM t")
        first.execute("COMMIT")
        other.execute("INSERT INTO t VALUES ('other')")
        eventually(lambda: not opened(node))
        is_told(second)
        first.execute("BEGIN")
        first.query("SELECT * FROM t")
        first.execute("COMMIT")


def opened(node: dqlitepy.Node) -> list[dqlitepy.ConnectionInfo]:
    return [each for each in node.connections() if each.in_transaction]


def idle_for(node: dqlitepy.Node, seconds: float) -> None:
    """Waits until all open transactions have been idle for so long, by the node's clock, and are still there."""
    count = len(opened(node))
    found = eventually(lambda: opened(node), lambda found: all(each.state_seconds > seconds for each in found))
    assert len(found) == count > 0


def querying(node: dqlitepy.Node, sql: str, has_begun: Callable[[Client], object]) -> Client:
    """Returns a client that writes and runs a query. On a busy machine it may be ended between the two: then again."""
    while True:
        client = Client(node.address, receive_buffer=4096)
        client.execute("BEGIN IMMEDIATE")
        client.begin_query(sql)
        if has_begun(client):
            return client
        client.close()


def has_rows(client: Client) -> bool:
    try:
        return bool(client.page().rows)
    except Failure as failure:
        assert failure.message == WHY
        return False


def test_one_that_does_not_take_its_rows(node: dqlitepy.Node, other: Client) -> None:
    with querying(node, ENDLESS + "SELECT zeroblob(3500) FROM n", has_rows) as idle:
        eventually(lambda: write(other))
        with pytest.raises(Failure) as failure:
            while not idle.page().is_last:
                pass
        assert (failure.value.code, failure.value.message) == (NOT_LEADER, WHY)
        with pytest.raises(ConnectionError):
            idle.execute("COMMIT")


def writing(node: dqlitepy.Node) -> list[dqlitepy.ConnectionInfo]:
    return [each for each in node.connections() if each.holds_lock]


def test_what_runs_and_what_nobody_waits_for_goes_on(node: dqlitepy.Node, other: Client) -> None:
    """A statement within a transaction, a transaction that has only begun, and a connection without one."""
    with Client(node.address) as begun:
        begun.execute("BEGIN")
        running = querying(
            node,
            ENDLESS + "SELECT count(*) FROM n",
            lambda _: eventually(lambda: writing(node), lambda found: not found or found[0].state == "running"),
        )
        eventually(lambda: writing(node), lambda found: found[0].state_seconds > 3 * LIMIT)
        assert not write(other)
        running.close()
        eventually(lambda: write(other))
        begun.execute("INSERT INTO t VALUES ('begun'); COMMIT")
        assert values(other) == [b"begun", b"other"]


def test_clients_of_the_package(node: dqlitepy.Node) -> None:
    with (
        closing(dqlitepy.connect(node)) as idle,
        closing(dqlitepy.connect(node, timeout=HANG_SECONDS, isolation_level=None)) as waiting,
    ):
        idle.execute("CREATE TABLE t (a)")
        idle.execute("INSERT INTO t VALUES ('inside')")
        waiting.execute("INSERT INTO t VALUES ('other')")
        with pytest.raises(dqlitepy.LeadershipLostError, match=f"{WHY}.*the open transaction is gone"):
            idle.commit()
        assert not idle.in_transaction
        assert idle.execute("SELECT a FROM t").fetchall() == [("other",)]


def test_a_client_that_was_suspended(node: dqlitepy.Node, other: Client) -> None:
    program = python(
        """
        import sys, dqlitepy
        con = dqlitepy.connect(sys.argv[1])
        con.execute("INSERT INTO t VALUES ('inside')")
        print("begun", flush=True)
        sys.stdin.read()
        try:
            con.commit()
        except dqlitepy.LeadershipLostError as error:
            print(error)
        con.close()
        """,
        f"dqlite://{node.address}/main",
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "begun\n"
        program.send_signal(signal.SIGSTOP)
        eventually(lambda: write(other))
        program.send_signal(signal.SIGCONT)
        output, _ = program.communicate(timeout=HANG_SECONDS)
    except subprocess.TimeoutExpired:
        raise AssertionError("the client hangs") from None
    finally:
        program.kill()
        program.wait()
    assert WHY in output
    assert values(other) == [b"other"]


@pytest.mark.parametrize("limit", [0, 0.0001, -1.0, 1e9, float("nan")])
def test_a_limit_that_cannot_be(tmp_path: Path, limit: float) -> None:
    with pytest.raises(ValueError, match="idle_transaction_timeout"):
        dqlitepy.Node(tmp_path, idle_transaction_timeout=limit)
