# SPDX-License-Identifier: Apache-2.0
"""A statement that fails but keeps the rows before the one at fault is replicated like any other."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure


@pytest.mark.parametrize("by_query", [False, True])
@pytest.mark.parametrize(
    "sql",
    ["INSERT OR FAIL INTO t VALUES (1), (2), (1), (3)", "INSERT INTO t VALUES (1), (2), (13), (3)"],
    ids=["ON CONFLICT FAIL", "RAISE(FAIL)"],
)
def test_the_rows_before_the_one_at_fault_stay(node: NodeProcess, client: Client, sql: str, by_query: bool) -> None:
    client.execute(
        "CREATE TABLE t (v UNIQUE);"
        "CREATE TRIGGER g BEFORE INSERT ON t WHEN new.v = 13 BEGIN SELECT raise(FAIL, 'thirteen'); END"
    )
    with pytest.raises(Failure, match="UNIQUE constraint failed: t.v|thirteen"):
        if by_query:
            client.query(sql + " RETURNING v")
        else:
            client.execute(sql)

    assert client.execute("INSERT INTO t VALUES (4)") == 1
    with node.client() as other:
        assert other.scalar("SELECT group_concat(v) FROM t") == b"1,2,4"
        assert other.execute("INSERT INTO t VALUES (5)") == 1


def test_within_a_transaction_they_wait_for_its_end(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (v UNIQUE); BEGIN")
    with pytest.raises(Failure, match="UNIQUE constraint failed"):
        client.execute("INSERT OR FAIL INTO t VALUES (1), (1)")
    with node.client() as other:
        assert other.scalar("SELECT count(*) FROM t") == 0
    client.execute("COMMIT")
    with node.client() as other:
        assert other.scalar("SELECT group_concat(v) FROM t") == b"1"
