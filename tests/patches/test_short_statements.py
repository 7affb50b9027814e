# SPDX-License-Identifier: Apache-2.0
"""Statements that are over at once run in the server's loop, and no others do.

All threads of the pool are busy for ever here, so what is answered has run in the loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.patches.busy import is_answered, occupy_pool
from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure
from tests.protocol import Response

# One for each page of 4 KiB that a statement touches: fewer than that for a row of two million bytes.
MOST_DETOURS = 1000
BY_KEY = "SELECT v FROM t WHERE id = 2"
BY_NAME = "SELECT v FROM t WHERE name = 'two'"


@pytest.fixture
def busy(node: NodeProcess, client: Client) -> Iterator[ExitStack]:
    """The connections that keep the pool busy; to close them frees it."""
    client.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, v INTEGER); CREATE UNIQUE INDEX by_name ON t (name);"
        "INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20)"
    )
    with ExitStack() as connections:
        yield connections


@pytest.mark.parametrize("query", [BY_KEY, BY_NAME])
def test_a_row_by_its_key_needs_no_thread(node: NodeProcess, client: Client, busy: ExitStack, query: str) -> None:
    occupy_pool(node, busy)
    for _ in range(2):  # the second time it is compiled already
        assert [[value for _, value in row] for row in client.query(query)] == [[20]]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT v FROM t WHERE v > 10",
        "SELECT count(*) FROM t",
        "SELECT v FROM t WHERE id IN (1, 2) AND v > 10",
        "SELECT hex(name) FROM t WHERE id = 2",
        "SELECT v || '' FROM t WHERE id = 2",
        "SELECT (SELECT max(v) FROM t)",
        "PRAGMA integrity_check",
        "SELECT * FROM pragma_quick_check",
    ],
)
def test_what_may_take_long_gets_a_thread(node: NodeProcess, client: Client, busy: ExitStack, query: str) -> None:
    occupy_pool(node, busy)
    client.begin_query(query)
    assert not is_answered(node, client)
    busy.close()
    assert len(client.page().rows) == 1


def test_a_large_value_gets_a_thread(node: NodeProcess, client: Client, busy: ExitStack) -> None:
    client.execute("INSERT INTO t VALUES (3, 'large', zeroblob(2000000))")
    occupy_pool(node, busy)
    client.begin_query("SELECT name, v FROM t WHERE id = 3")
    assert not is_answered(node, client)
    busy.close()
    page = client.page()
    assert page.columns == ["name", "v"]
    assert [value for _, value in page.rows[0]] == [b"large", bytes(2000000)]


def rows(count: int) -> str:
    return ", ".join(f"({number}, 'row {number}', {number})" for number in range(100, 100 + count))


@pytest.mark.parametrize(
    ("insert", "count"),
    [
        (f"INSERT INTO t VALUES {rows(500)}", 500),
        ("INSERT INTO t (name, v) VALUES ('three', 30), (NULL, 4.5), ('five', NULL)", 3),
        ("INSERT INTO checked (b) VALUES (1), (2)", 2),
    ],
)
def test_an_insert_of_some_hundred_rows_needs_no_thread(
    node: NodeProcess, client: Client, busy: ExitStack, insert: str, count: int
) -> None:
    client.execute("CREATE TABLE checked (a DEFAULT 7, b CHECK (b > 0), c GENERATED ALWAYS AS (b + 1), UNIQUE (b, a))")
    client.execute("BEGIN")
    occupy_pool(node, busy)
    assert client.execute(insert) == count


@pytest.mark.parametrize(
    "insert",
    [
        "INSERT INTO t (v) SELECT v FROM t",
        "INSERT INTO t (name, v) VALUES ('three', 30), (hex('four'), 40)",
        "INSERT INTO t (name, v) VALUES ('three', 30), ((SELECT max(name) || 'x' FROM t), 40)",
        "INSERT OR REPLACE INTO t VALUES (1, 'one', 11), (3, 'three', 30)",
        "INSERT INTO t VALUES (1, 'one', 11), (3, 'three', 30) ON CONFLICT (id) DO UPDATE SET v = excluded.v",
        f"INSERT INTO t VALUES {rows(1500)}",
        "INSERT INTO watched VALUES (1), (2)",
    ],
)
def test_an_insert_that_may_take_long_gets_a_thread(
    node: NodeProcess, client: Client, busy: ExitStack, insert: str
) -> None:
    client.execute(
        "CREATE TABLE watched (a);"
        "CREATE TRIGGER watch AFTER INSERT ON watched BEGIN UPDATE t SET v = v + (SELECT sum(v) FROM t); END"
    )
    client.execute("BEGIN")
    occupy_pool(node, busy)
    client.begin_execute(insert)
    assert not is_answered(node, client)
    busy.close()
    client.expect(Response.RESULT)


@pytest.mark.parametrize(
    "first",
    [
        "SELECT n FROM large WHERE id = 1",
        "UPDATE large SET n = n + 1 WHERE id = 1",
        "DELETE FROM large WHERE id = 1",
    ],
)
def test_who_came_upon_a_large_row_sends_others_to_threads(
    node: NodeProcess, client: Client, busy: ExitStack, first: str
) -> None:
    client.execute("CREATE TABLE large (id INTEGER PRIMARY KEY, b BLOB, n INTEGER)")
    client.execute("INSERT INTO large VALUES (1, zeroblob(2000000), 10)")
    if first.startswith("SELECT"):
        client.query(first)
    else:
        assert client.execute(first) == 1
    occupy_pool(node, busy)
    client.begin_query(BY_KEY)
    assert not is_answered(node, client)
    busy.close()
    assert [value for _, value in client.page().rows[0]] == [20]


def test_but_not_for_good(node: NodeProcess, client: Client, busy: ExitStack) -> None:
    client.execute("CREATE TABLE large (id INTEGER PRIMARY KEY, b BLOB, n INTEGER)")
    client.execute("INSERT INTO large VALUES (1, zeroblob(2000000), 10)")
    client.query("SELECT n FROM large WHERE id = 1")
    for _ in range(MOST_DETOURS):
        client.query(BY_KEY)
    occupy_pool(node, busy)
    assert [[value for _, value in row] for row in client.query(BY_KEY)] == [[20]]


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "begin exclusive transaction"])
@pytest.mark.parametrize("first", ["", ";\nUPDATE t SET v = v + 1 WHERE id = 2"])
def test_a_transaction_needs_no_thread_to_begin(
    node: NodeProcess, client: Client, busy: ExitStack, begin: str, first: str
) -> None:
    occupy_pool(node, busy)
    client.execute(begin + first)
    assert client.execute("UPDATE t SET v = v + 1 WHERE id = 2") == 1
    busy.close()
    client.execute("ROLLBACK")
    assert [[value for _, value in row] for row in client.query(BY_KEY)] == [[20]]


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN; UPDATE t SET v = v + 1 WHERE v > 10",
        "UPDATE t SET v = v + 1 WHERE id = 2; UPDATE t SET v = v + 1 WHERE id = 2",
        "BEGIN; UPDATE t SET v = v + 1 WHERE id = 2; UPDATE t SET v = v + 1 WHERE id = 2",
    ],
)
def test_a_text_of_more_than_that_gets_a_thread(node: NodeProcess, client: Client, busy: ExitStack, text: str) -> None:
    occupy_pool(node, busy)
    client.begin_execute(text)
    assert not is_answered(node, client)
    busy.close()
    client.expect(Response.RESULT)


def test_a_begin_that_fails_needs_no_thread(node: NodeProcess, client: Client, busy: ExitStack) -> None:
    client.execute("BEGIN")
    occupy_pool(node, busy)
    with pytest.raises(Failure, match="within a transaction"):
        client.execute("BEGIN; UPDATE t SET v = v + 1 WHERE id = 2")
    assert client.execute("UPDATE t SET v = v + 1 WHERE id = 2") == 1


def test_the_schema_that_counts_is_the_one_that_is_there(node: NodeProcess, client: Client, busy: ExitStack) -> None:
    statement = client.prepare(BY_NAME)
    with node.client() as other:
        other.execute("DROP INDEX by_name")
    occupy_pool(node, busy)
    client.begin_prepared_query(statement)
    assert not is_answered(node, client)
    busy.close()
    assert len(client.page().rows) == 1


def test_a_transaction_goes_on_where_its_statements_run(client: Client, busy: ExitStack) -> None:
    client.execute("BEGIN")
    assert client.execute("UPDATE t SET v = v + 1 WHERE id = 1") == 1
    assert client.execute("UPDATE t SET v = v + 1 WHERE v > 0") == 2
    assert client.execute("DELETE FROM t WHERE id = 2") == 1
    client.execute("COMMIT")
    assert [[value for _, value in row] for row in client.query("SELECT id, v FROM t")] == [[1, 12]]
