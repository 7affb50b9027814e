# SPDX-License-Identifier: Apache-2.0
"""PRAGMA optimize writes, and waits for its turn like all that write."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

ALL_TABLES = "PRAGMA optimize(0x10002)"
WAYS = [
    ALL_TABLES,
    "pragma main.optimize(0x10002)",
    " ;/* x */ -- y\n\tPRAGMA [optimize](65538);",
    f"\ufeff{ALL_TABLES}",
    f" \v{ALL_TABLES}",
]


@pytest.fixture
def indexed(client: Client) -> Client:
    """A connection to a database that has something to optimize."""
    client.execute("CREATE TABLE t (a, b); CREATE INDEX i ON t (a); INSERT INTO t VALUES (1, 2), (3, 4)")
    return client


def is_analyzed(connection: Client) -> bool:
    return connection.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'") == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("by", ["query", "execute", "prepared"])
def test_it_is_replicated(node: NodeProcess, indexed: Client, by: str, way: str) -> None:
    if by == "prepared":
        indexed.begin_prepared_query(indexed.prepare(way))
        indexed.page()
    else:
        getattr(indexed, by)(way)
    with node.client() as other:
        assert is_analyzed(other)
        assert other.execute("INSERT INTO t VALUES (5, 6)") == 1


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_within_a_transaction(node: NodeProcess, indexed: Client, end: str) -> None:
    indexed.execute("BEGIN")
    indexed.query(ALL_TABLES)
    with node.client() as other:
        assert not is_analyzed(other)
        with pytest.raises(Failure, match="locked"):
            other.execute("INSERT INTO t VALUES (5, 6)")
        indexed.execute(end)
        assert is_analyzed(other) is (end == "COMMIT")
        assert other.execute("INSERT INTO t VALUES (5, 6)") == 1


def test_it_waits_for_a_transaction_that_writes(node: NodeProcess, indexed: Client) -> None:
    with node.client() as writer:
        writer.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (5, 6)")
        with pytest.raises(Failure, match="locked"):
            indexed.query(ALL_TABLES)
        writer.execute("COMMIT")
    indexed.query(ALL_TABLES)
    assert is_analyzed(indexed)


def test_as_a_table_it_is_refused(node: NodeProcess, indexed: Client) -> None:
    for sql in ("SELECT * FROM pragma_optimize(0x10002)", "SELECT count(*) FROM main.Pragma_Optimize"):
        with pytest.raises(Failure, match=r"prohibited|not authorized"):
            indexed.query(sql)
    assert indexed.execute("INSERT INTO t VALUES (5, 6)") == 1
    assert not is_analyzed(indexed)


def test_other_pragmas_wait_for_nobody(node: NodeProcess, indexed: Client) -> None:
    with node.client() as writer:
        writer.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (5, 6)")
        assert indexed.scalar("PRAGMA user_version") == 0
        assert indexed.scalar("SELECT 'PRAGMA optimize'") == b"PRAGMA optimize"
        writer.execute("ROLLBACK")
