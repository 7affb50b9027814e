# SPDX-License-Identifier: Apache-2.0
"""A client that goes away, or stalls, while its result is on its way leaves no statement and no lock behind."""

from __future__ import annotations

import time

from tests.patches.node import NodeProcess
from tests.patches.wire import HANG_SECONDS, Client, Failure

BUSY = 5
# More than the buffers of two sockets hold, in rows larger than any page.
ROWS = 200
_NUMBERS = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {ROWS})"
LARGE_SELECT = f"{_NUMBERS} SELECT zeroblob(1000000) FROM numbers"
LARGE_RETURNING = f"{_NUMBERS} INSERT INTO t SELECT n FROM numbers RETURNING zeroblob(1000000)"


def _write_when_unlocked(client: Client) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        try:
            client.execute("INSERT INTO t VALUES (-1)")
            return
        except Failure as failure:
            # The server learns only by and by that its client has gone.
            if failure.code != BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def test_a_client_leaves_in_the_middle_of_a_select(node: NodeProcess, client: Client) -> None:
    client.begin_query(LARGE_SELECT)
    assert not client.page().is_last
    client.close()
    # The fixture stops the node, which fails an assertion where the statement is still open.


def test_a_client_leaves_in_the_middle_of_a_transaction(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER)")
    client.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
    client.begin_query(LARGE_SELECT)
    assert not client.page().is_last
    client.close()

    with node.client() as other:
        _write_when_unlocked(other)
        assert other.scalar("SELECT group_concat(v) FROM t") == b"-1"


def test_a_client_leaves_in_the_middle_of_a_returning(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER)")
    client.begin_query(LARGE_RETURNING)
    assert not client.page().is_last
    client.close()

    with node.client() as other:
        _write_when_unlocked(other)
        # Nobody told the client whether its rows are there: all of them, or none.
        assert other.scalar("SELECT count(*) FROM t WHERE v > 0") in (0, ROWS)


def test_the_node_stops_while_a_client_does_not_read(node: NodeProcess) -> None:
    with node.client(receive_buffer=4096) as stalled:
        stalled.begin_query(LARGE_SELECT)
        assert not stalled.page().is_last
        assert node.stop() == 0


def test_an_interrupted_result_leaves_the_connection_usable(client: Client) -> None:
    client.begin_query(LARGE_SELECT)
    assert not client.page().is_last
    client.interrupt()
    client.drain()
    assert client.scalar("SELECT 7") == 7
