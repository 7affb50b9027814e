# SPDX-License-Identifier: Apache-2.0
"""A statement whose table has changed since it was prepared yields the columns that are there now."""

from __future__ import annotations

from tests.patches.node import NodeProcess
from tests.patches.wire import Client
from tests.protocol import Type


def test_an_added_column_is_there(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    statement = client.prepare("SELECT * FROM t")
    with node.client() as other:
        other.execute("ALTER TABLE t ADD COLUMN b DATE DEFAULT 9")

    client.begin_prepared_query(statement)
    page = client.page()
    assert page.columns == ["a", "b"]
    assert page.rows == [((Type.INTEGER, 1), (Type.UNIXTIME, 9))]


def test_a_dropped_column_is_gone(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)")
    statement = client.prepare("SELECT * FROM t")
    with node.client() as other:
        other.execute("ALTER TABLE t DROP COLUMN a")

    client.begin_prepared_query(statement)
    page = client.page()
    assert page.columns == ["b"]
    assert page.rows == [((Type.INTEGER, 2),)]


def test_an_empty_result_has_its_columns(client: Client) -> None:
    client.begin_query("SELECT 1 AS a, 2 AS b WHERE 0")
    page = client.page()
    assert (page.columns, page.rows, page.is_last) == (["a", "b"], [], True)
