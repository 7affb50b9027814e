# SPDX-License-Identifier: Apache-2.0
"""An INTERRUPT, or a client that goes away, stops the statement that is running; what it had written is rolled back."""

from __future__ import annotations

import time

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import HANG_SECONDS, Client, Failure, failure_of
from tests.protocol import Response

BUSY = 5
INTERRUPTED = 9
_ENDLESS = "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)"
ENDLESS_SELECT = f"{_ENDLESS} SELECT n FROM endless WHERE n < 0"
# The first page tells that the statement is running.
ENDLESS_AFTER_A_PAGE = f"{_ENDLESS} SELECT zeroblob(100000) UNION ALL SELECT n FROM endless WHERE n < 0"
ENDLESS_INSERT = f"{_ENDLESS} INSERT INTO t SELECT n FROM endless WHERE n = 1 OR n < 0"


@pytest.fixture
def table(client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER)")


def _assert_interrupted(client: Client) -> None:
    """The statement failed, the INTERRUPT has its own answer, and the connection goes on."""
    with pytest.raises(Failure) as caught:
        client.page()
    assert caught.value.code == INTERRUPTED
    client.expect(Response.EMPTY)
    assert client.scalar("SELECT 7") == 7


def _write_when_unlocked(client: Client, value: int) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        try:
            client.execute(f"INSERT INTO t VALUES ({value})")
            return
        except Failure as failure:
            # The other statement ends a little later than its client.
            if failure.code != BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def test_a_select_that_yields_nothing_is_interrupted(client: Client) -> None:
    client.begin_query(ENDLESS_SELECT)
    client.interrupt()
    _assert_interrupted(client)


def test_a_select_that_has_yielded_rows_is_interrupted(client: Client) -> None:
    client.begin_query(ENDLESS_AFTER_A_PAGE)
    assert not client.page().is_last
    client.interrupt()
    _assert_interrupted(client)


def test_the_rest_of_a_large_result_is_not_sent(client: Client) -> None:
    # 200 MB, of which the buffers of two sockets hold little.
    client.begin_query(f"{_ENDLESS} SELECT zeroblob(100000) FROM endless LIMIT 2000")
    client.page()
    client.interrupt()
    kinds = client.drain()
    assert set(kinds[:-2]) <= {Response.ROWS}
    assert kinds[-2:] == [Response.FAILURE, Response.EMPTY]


@pytest.mark.usefixtures("table")
def test_an_interrupted_write_writes_nothing(node: NodeProcess, client: Client) -> None:
    client.begin_execute(ENDLESS_INSERT)
    client.interrupt()
    _assert_interrupted(client)

    with node.client() as other:
        assert other.execute("INSERT INTO t VALUES (2)") == 1
    assert client.scalar("SELECT group_concat(v) FROM t") == b"2"


@pytest.mark.usefixtures("table")
def test_an_interrupted_write_rolls_its_transaction_back(node: NodeProcess, client: Client) -> None:
    client.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
    client.begin_execute(ENDLESS_INSERT)
    client.interrupt()
    _assert_interrupted(client)

    with node.client() as other:
        assert other.execute("INSERT INTO t VALUES (2)") == 1
    with pytest.raises(Failure, match="no transaction is active"):
        client.execute("COMMIT")
    assert client.scalar("SELECT group_concat(v) FROM t") == b"2"


@pytest.mark.usefixtures("table")
def test_an_interrupted_script_runs_no_further(client: Client) -> None:
    client.begin_execute(f"INSERT INTO t VALUES (1); {ENDLESS_INSERT}; INSERT INTO t VALUES (3)")
    client.interrupt()
    _assert_interrupted(client)
    assert client.scalar("SELECT group_concat(v) FROM t") in (None, b"1")


@pytest.mark.usefixtures("table")
def test_what_an_interrupted_write_answers_is_true(client: Client) -> None:
    written = 0
    for value in range(300):
        client.begin_execute(f"INSERT INTO t VALUES ({value})")
        client.interrupt()
        kind, body = client.receive()
        if kind == Response.RESULT:
            written += 1
        else:
            assert failure_of(body).code == INTERRUPTED
        client.expect(Response.EMPTY)
    assert client.scalar("SELECT count(*) FROM t") == written


@pytest.mark.usefixtures("table")
def test_requests_may_still_be_sent_ahead(client: Client) -> None:
    for value in range(100):
        client.begin_execute(f"INSERT INTO t VALUES ({value})")
    client.begin_query("SELECT count(*) FROM t")
    for _ in range(100):
        client.expect(Response.RESULT)
    assert client.page().rows[0][0][1] == 100


@pytest.mark.usefixtures("table")
def test_a_client_that_leaves_stops_its_statement(node: NodeProcess, client: Client) -> None:
    client.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
    client.begin_execute(ENDLESS_INSERT)
    client.close()

    with node.client() as other:
        _write_when_unlocked(other, 2)
        assert other.scalar("SELECT group_concat(v) FROM t") == b"2"


def test_the_node_stops_while_a_statement_runs(node: NodeProcess, client: Client) -> None:
    client.begin_query(ENDLESS_AFTER_A_PAGE)
    assert not client.page().is_last
    assert node.stop() == 0
