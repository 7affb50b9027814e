# SPDX-License-Identifier: Apache-2.0
"""A function keeps its own statement and nothing else: no node stops answering, or leading, because of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.patches.busy import is_answered, occupy_pool
from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

# Each row takes long; there is no end of them.
SLOW = "SELECT count(*) FROM generate_series(1, 9223372036854775807) WHERE repeat('a', 20) || 'b' REGEXP '(a+)+$'"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """Yields a node that stops without a crash."""
    started = NodeProcess(tmp_path / "node")
    try:
        yield started
        assert started.stop() == 0
    finally:
        started.kill()


@pytest.fixture
def client(node: NodeProcess) -> Iterator[Client]:
    """Yields a connection to a table."""
    with node.client() as connection:
        connection.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'one');"
            "CREATE TABLE checked (v CHECK (v REGEXP 'x')); CREATE TABLE made (v, h AS (md5(v)) STORED);"
            "CREATE TABLE indexed (v); CREATE INDEX hashes ON indexed (sha1(v))"
        )
        yield connection


@pytest.mark.parametrize(
    "query",
    [
        "SELECT reverse(v) FROM t WHERE id = 1",
        "SELECT v REGEXP 'o' FROM t WHERE id = 1",
        "SELECT v FROM t WHERE id = 1 AND v REGEXP 'o'",
        "SELECT var_pop(id) FROM t WHERE id = 1",
        "SELECT any_value(v) FROM t WHERE id = 1",
        "SELECT uuid()",
        "SELECT value FROM generate_series(1, 1)",
        "SELECT django_date_extract('year', '2020-01-01') FROM t WHERE id = 1",
    ],
)
def test_a_query_with_a_function_runs_in_a_thread(node: NodeProcess, client: Client, query: str) -> None:
    with ExitStack() as busy:
        occupy_pool(node, busy)
        client.begin_query(query)
        assert not is_answered(node, client)
    assert len(client.page().rows) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET v = repeat(v, 2) WHERE id = 1",
        "INSERT INTO t VALUES (2, md5('two'))",
        "DELETE FROM t WHERE id = 1 AND v REGEXP 'o'",
        "INSERT INTO checked VALUES ('x')",
        "INSERT INTO made (v) VALUES ('x')",
        "INSERT INTO indexed VALUES ('x')",
    ],
)
def test_a_write_with_a_function_runs_in_a_thread(node: NodeProcess, client: Client, statement: str) -> None:
    client.execute("BEGIN IMMEDIATE")
    with ExitStack() as busy:
        occupy_pool(node, busy)
        client.begin_execute(statement)
        assert not is_answered(node, client)
    client.receive()
    client.execute("COMMIT")


def test_a_pattern_that_takes_long_keeps_nobody_else(node: NodeProcess, client: Client) -> None:
    client.begin_query(SLOW)
    with node.client() as other:
        for number in range(2, 20):
            other.execute(f"INSERT INTO t VALUES ({number}, 'more')")
        assert other.scalar("SELECT count(*) FROM t") == 19
        assert not is_answered(node, client)
    client.interrupt()
    client.drain()
    assert client.scalar("SELECT count(*) FROM t") == 19


def test_a_node_stops_beside_a_pattern_that_takes_long(node: NodeProcess, client: Client) -> None:
    client.begin_query(SLOW)
    node.go_round()
    assert not is_answered(node, client)


def test_an_error_is_the_statements_alone(client: Client) -> None:
    with pytest.raises(Failure, match="cot"):
        client.query("SELECT cot(0)")
    assert client.scalar("SELECT count(*) FROM t") == 1
