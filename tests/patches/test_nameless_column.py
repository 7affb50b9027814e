# SPDX-License-Identifier: Apache-2.0
"""A column whose name SQLite does not know has an empty one."""

from __future__ import annotations

from tests.patches.wire import Client


def test_the_column_of_a_pragma_that_answers_nothing(client: Client) -> None:
    client.execute("CREATE TABLE t (v)")
    client.execute("BEGIN IMMEDIATE")
    client.begin_query("PRAGMA delete_database")
    page = client.page()
    assert (page.columns, page.rows, page.is_last) == ([""], [], True)
    client.execute("COMMIT")
    assert client.scalar("SELECT count(*) FROM sqlite_schema") == 0
