# SPDX-License-Identifier: Apache-2.0
"""However many SELECTs take however long: the node writes, and each can be stopped, also one that has no thread yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure
from tests.protocol import Response

INTERRUPTED = 9
# As many as run at a time, and more than a node has threads in all.
RUNNING = 12
SLOW_SELECTS = 24
_ENDLESS = "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)"
# A first page, which tells that the statement runs, and then none for ever.
ENDLESS_AFTER_A_PAGE = f"{_ENDLESS} SELECT zeroblob(100000) UNION ALL SELECT n FROM endless WHERE n < 0"
# Too long for the thread of the loop.
LARGE_INSERT = f"{_ENDLESS} INSERT INTO t SELECT n FROM endless LIMIT 20000"


@pytest.fixture
def writer(node: NodeProcess) -> Iterator[Client]:
    """A connection to a database with a table."""
    with node.client() as client:
        client.execute("CREATE TABLE t (v INTEGER)")
        yield client


@pytest.fixture
def readers(node: NodeProcess, writer: Client) -> Iterator[list[Client]]:
    """SELECTs that never end, of which the first ones run, and the others wait."""
    with ExitStack() as connections:
        clients = [connections.enter_context(node.client()) for _ in range(SLOW_SELECTS)]
        for client in clients[:RUNNING]:
            client.begin_query(ENDLESS_AFTER_A_PAGE)
            assert not client.page().is_last
        # The loop goes on with each of them when its page is written.
        node.go_round()
        for client in clients[RUNNING:]:
            client.begin_query(ENDLESS_AFTER_A_PAGE)
        node.go_round()
        yield clients


def _assert_interrupted(client: Client) -> None:
    client.interrupt()
    with pytest.raises(Failure) as caught:
        while True:
            client.page()
    assert caught.value.code == INTERRUPTED
    client.expect(Response.EMPTY)
    assert client.scalar("SELECT 7") == 7


@pytest.mark.usefixtures("readers")
def test_writes_go_on_beside_slow_selects(writer: Client) -> None:
    assert writer.execute("INSERT INTO t VALUES (1)") == 1
    assert writer.execute(LARGE_INSERT) == 20000
    writer.execute("BEGIN IMMEDIATE")
    writer.execute(LARGE_INSERT)
    # Large, and of a transaction that others wait for.
    assert writer.scalar("SELECT count(*) FROM t a, t b WHERE a.v = b.v + 1 AND a.v < 100") is not None
    assert writer.scalar("SELECT count(*) FROM t") == 40001
    writer.execute("COMMIT")


def test_each_can_be_interrupted(readers: list[Client], writer: Client) -> None:
    for client in reversed(readers):  # those that wait come first
        _assert_interrupted(client)
    assert writer.execute("INSERT INTO t VALUES (1)") == 1


def test_those_that_wait_run_when_others_end(readers: list[Client]) -> None:
    for client in readers[:RUNNING]:
        _assert_interrupted(client)
    for client in readers[RUNNING:]:
        assert not client.page().is_last


def test_clients_that_leave_finish_streaming(node: NodeProcess, readers: list[Client]) -> None:
    for client in reversed(readers):
        client.close()
    with node.client() as other:
        assert other.scalar("SELECT sum(v) FROM (SELECT 1 AS v UNION ALL SELECT 2 ORDER BY v)") == 3


def test_one_that_has_yielded_rows_is_interrupted_while_it_waits(node: NodeProcess, writer: Client) -> None:
    with ExitStack() as connections:
        # The server cannot write its pages before they are read.
        waiting = connections.enter_context(node.client(receive_buffer=4096))
        waiting.begin_query(f"{_ENDLESS} SELECT zeroblob(100000) FROM endless LIMIT 500")
        waiting.page()
        for _ in range(RUNNING):
            client = connections.enter_context(node.client())
            client.begin_query(ENDLESS_AFTER_A_PAGE)
            assert not client.page().is_last
        node.go_round()
        _assert_interrupted(waiting)
        assert writer.execute("INSERT INTO t VALUES (1)") == 1


@pytest.mark.usefixtures("readers")
def test_the_node_stops(node: NodeProcess) -> None:
    assert node.stop() == 0
