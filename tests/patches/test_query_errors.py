# SPDX-License-Identifier: Apache-2.0
"""A query that never began to run tells why, and not that something follows its statement."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

SQLITE_BUSY = 5
WRITES = ["INSERT INTO t VALUES (1) RETURNING v", "BEGIN IMMEDIATE", "DELETE FROM t"]


@pytest.mark.parametrize("sql", WRITES)
def test_the_database_is_locked(node: NodeProcess, client: Client, sql: str) -> None:
    client.execute("CREATE TABLE t (v); BEGIN IMMEDIATE")
    with node.client() as other:
        with pytest.raises(Failure, match="database is locked") as caught:
            other.query(sql)
        assert caught.value.code == SQLITE_BUSY
        client.execute("COMMIT")
        other.query(sql)


def test_something_does_follow(client: Client) -> None:
    with pytest.raises(Failure, match="nonempty statement tail"):
        client.query("SELECT 1; SELECT 2")
