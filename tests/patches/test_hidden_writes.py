# SPDX-License-Identifier: Apache-2.0
"""PRAGMA optimize runs ANALYZE, though SQLite says that it only reads: it has to wait for its turn like any write."""

from __future__ import annotations

import threading

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

# All tables, whether their statistics were needed or not.
_OPTIMIZE = "PRAGMA optimize=0x10002"


def _make_table(client: Client) -> None:
    client.execute("CREATE TABLE t (a, b)")
    client.execute("CREATE INDEX t_a ON t (a)")
    client.execute(
        "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n WHERE a < 1000) INSERT INTO t SELECT a % 7, a FROM n"
    )


def test_it_commits(client: Client) -> None:
    _make_table(client)
    client.execute(_OPTIMIZE)
    assert client.scalar("SELECT count(*) FROM sqlite_stat1") == 1
    client.execute("INSERT INTO t VALUES (1, 1)")


def test_it_is_part_of_a_transaction(node: NodeProcess, client: Client) -> None:
    """It keeps the write lock until the transaction ends, as this node lets nobody wait."""
    _make_table(client)
    client.execute("BEGIN")
    client.execute(_OPTIMIZE)
    with node.client() as other:
        with pytest.raises(Failure, match="locked"):
            other.execute("INSERT INTO t VALUES (2, 2)")
        client.execute("ROLLBACK")
        other.execute("INSERT INTO t VALUES (2, 2)")
    assert client.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'") == 0


def test_beside_writers(node: NodeProcess, client: Client) -> None:
    _make_table(client)

    def write() -> None:
        with node.client() as writer:
            for number in range(200):
                _insist(writer, f"INSERT INTO t VALUES ({number % 5}, {number})")

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        _insist(client, _OPTIMIZE)
    for thread in threads:
        thread.join()
    assert client.scalar("SELECT count(*) FROM t") == 1600
    assert client.scalar("PRAGMA integrity_check") == b"ok"


def _insist(client: Client, sql: str) -> None:
    """Runs a statement again as long as others keep the database busy."""
    while True:
        try:
            client.execute(sql)
        except Failure as failure:
            assert failure.code & 0xFF == 5, failure
        else:
            return
