# SPDX-License-Identifier: Apache-2.0
"""EXEC of a statement that yields rows runs it to its end, and drops the rows."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure


def test_a_returning_statement_is_over_when_exec_answers(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER)")
    with node.client() as other:
        assert client.execute("INSERT INTO t VALUES (1), (2) RETURNING v") == 2
        # Its lock is gone, for others and for itself.
        assert other.execute("INSERT INTO t VALUES (3)") == 1
        assert client.execute("INSERT INTO t VALUES (4)") == 1
        assert other.scalar("SELECT group_concat(v) FROM t") == b"1,2,3,4"


def test_every_statement_of_a_script_runs_to_its_end(client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER); INSERT INTO t VALUES (1) RETURNING v; SELECT 1 UNION SELECT 2")
    client.execute("BEGIN; DELETE FROM t RETURNING v; PRAGMA user_version; COMMIT")

    assert client.scalar("SELECT count(*) FROM t") == 0


def test_an_error_in_a_later_row_is_an_error(client: Client) -> None:
    with pytest.raises(Failure, match="integer overflow"):
        client.execute("SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))")
