# SPDX-License-Identifier: Apache-2.0
"""What is committed after a part of the transaction was undone is there, also where that part had left the cache.

SQLite writes pages into the WAL before the commit when its cache is full, which is 2 MB of them.
"""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

ROWS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r WHERE x < 2000) "
TOO_MANY = ROWS + "INSERT INTO u SELECT x % 1900, zeroblob(3000) FROM r"


def undo_by_savepoint(client: Client) -> None:
    client.execute("SAVEPOINT s")
    client.execute(ROWS + "INSERT INTO u SELECT x, zeroblob(3000) FROM r")
    client.execute("ROLLBACK TO s")


def undo_by_failure(client: Client) -> None:
    with pytest.raises(Failure, match="UNIQUE constraint failed"):
        client.execute(TOO_MANY)


def undo_twice(client: Client) -> None:
    undo_by_failure(client)
    undo_by_savepoint(client)


@pytest.fixture
def tables(client: Client) -> Client:
    client.execute("CREATE TABLE t (v); CREATE TABLE u (k PRIMARY KEY, v); INSERT INTO t VALUES (1)")
    return client


def check(node: NodeProcess, client: Client, rows: int, more: int = 0) -> None:
    with node.client() as other:
        for each in client, other:
            assert each.scalar("SELECT count(*) FROM t") == rows
            assert each.scalar("SELECT count(*) FROM u") == more
        assert other.scalar("PRAGMA integrity_check") == b"ok"
        assert other.execute("INSERT INTO t VALUES (9)") == 1
        assert client.execute("INSERT INTO t VALUES (9)") == 1
        assert other.scalar("SELECT count(*) FROM t") == rows + 2


@pytest.mark.parametrize("undo", [undo_by_savepoint, undo_by_failure, undo_twice])
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_commit(node: NodeProcess, tables: Client, undo: object, before: int, after: int) -> None:
    assert callable(undo)
    tables.execute("BEGIN")
    for n in range(before):
        tables.execute(f"INSERT INTO t VALUES ({n})")
    undo(tables)
    for n in range(after):
        tables.execute(f"INSERT INTO t VALUES ({n})")
    tables.execute("COMMIT")
    check(node, tables, 1 + before + after)


def test_a_commit_of_more_than_was_undone(node: NodeProcess, tables: Client) -> None:
    tables.execute("BEGIN")
    undo_by_failure(tables)
    tables.execute(ROWS + "INSERT INTO u SELECT x + y, zeroblob(3000) FROM r, (SELECT 0 AS y UNION SELECT 5000)")
    tables.execute("COMMIT")
    check(node, tables, 1, 4000)


def test_a_rollback(node: NodeProcess, tables: Client) -> None:
    tables.execute("BEGIN")
    undo_by_failure(tables)
    tables.execute("INSERT INTO t VALUES (2)")
    tables.execute("ROLLBACK")
    check(node, tables, 1)


def test_a_failure_on_its_own(node: NodeProcess, tables: Client) -> None:
    undo_by_failure(tables)
    check(node, tables, 1)
