# SPDX-License-Identifier: Apache-2.0
"""A query that is sent again is not compiled again, which nobody can tell by anything but the time it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.patches.busy import is_answered, occupy_pool
from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure, Page, Value
from tests.protocol import Type

ALL = "SELECT * FROM t"


def values(rows: list[tuple[Value, ...]]) -> list[list[object]]:
    return [[value for _, value in row] for row in rows]


def whole_page(client: Client, sql: str) -> Page:
    client.begin_query(sql)
    page = client.page()
    assert page.is_last
    return page


@pytest.fixture
def table(client: Client) -> None:
    client.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 10), (2, 20)")
    assert values(client.query(ALL)) == [[1, 10], [2, 20]]


@pytest.mark.usefixtures("table")
def test_it_finds_what_was_written_meanwhile(node: NodeProcess, client: Client) -> None:
    with node.client() as other:
        other.execute("UPDATE t SET b = 11 WHERE a = 1")
    assert values(client.query(ALL)) == [[1, 11], [2, 20]]
    client.execute("DELETE FROM t WHERE a = 1")
    assert values(client.query(ALL)) == [[2, 20]]


@pytest.mark.usefixtures("table")
def test_each_run_has_its_own_parameters(client: Client) -> None:
    by_key = "SELECT b, ? FROM t WHERE a = ?"
    assert [values(client.query(by_key, 7, key)) for key in (1, 2, 3, 1)] == [[[10, 7]], [[20, 7]], [], [[10, 7]]]
    for parameters, second in (((1, 2), 2), ((3,), None), ((4, 5), 5)):
        assert values(client.query("SELECT ?, ?", *parameters)) == [[parameters[0], second]]


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("ALTER TABLE t ADD COLUMN c DEFAULT 9", ["a", "b", "c"]),
        ("ALTER TABLE t DROP COLUMN b", ["a"]),
        ("ALTER TABLE t RENAME COLUMN b TO x", ["a", "x"]),
        ("DROP TABLE t; CREATE TABLE t (y)", ["y"]),
        ("ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT 1 AS one, a FROM u", ["one", "a"]),
    ],
)
def test_it_has_the_columns_that_are_there_now(
    node: NodeProcess, client: Client, own: bool, change: str, columns: list[str]
) -> None:
    with node.client() as other:
        (client if own else other).execute(change)
    assert whole_page(client, ALL).columns == columns


@pytest.mark.usefixtures("table")
def test_a_change_that_is_rolled_back(client: Client) -> None:
    client.execute("BEGIN")
    client.execute("ALTER TABLE t ADD COLUMN c")
    assert whole_page(client, ALL).columns == ["a", "b", "c"]
    client.execute("ROLLBACK")
    assert whole_page(client, ALL).columns == ["a", "b"]


@pytest.mark.usefixtures("table")
def test_a_table_that_comes_and_goes(node: NodeProcess, client: Client) -> None:
    with node.client() as other:
        for _ in range(3):
            other.execute("DROP TABLE t")  # no lock is left behind
            with pytest.raises(Failure, match="no such table: t"):
                client.query(ALL)
            other.execute("CREATE TABLE t (z)")
            assert whole_page(client, ALL).columns == ["z"]


def test_what_fails_fails_again(client: Client) -> None:
    largest = "SELECT abs(?)"
    for number in (-(2**63), -5, -(2**63)):
        if number == -5:
            assert values(client.query(largest, number)) == [[5]]
        else:
            with pytest.raises(Failure, match="integer overflow"):
                client.query(largest, number)


def test_one_that_was_interrupted_begins_again(client: Client) -> None:
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT n FROM numbers"
    endless = f"SELECT n, zeroblob(50000) FROM ({numbers})"
    for _ in range(3):
        client.begin_query(endless)
        page = client.page()
        assert not page.is_last
        assert page.rows[0][0] == (Type.INTEGER, 1)
        client.interrupt()
        client.drain()
    assert client.scalar("SELECT 7") == 7


@pytest.mark.parametrize("own", [True, False])
def test_one_whose_index_is_gone_gets_a_thread(node: NodeProcess, client: Client, own: bool) -> None:
    """It goes through the whole table now, in whichever way the connection has learned of that."""
    by_name = "SELECT v FROM t WHERE name = 'two'"
    client.execute(
        "CREATE TABLE t (name, v); CREATE UNIQUE INDEX by_name ON t (name); INSERT INTO t VALUES ('two', 20)"
    )
    assert client.scalar(by_name) == 20
    with ExitStack() as busy:
        with node.client() as other:
            (client if own else other).execute("DROP INDEX by_name")
        client.execute("INSERT INTO t VALUES ('one', 10)")
        occupy_pool(node, busy)
        client.begin_query(by_name)
        assert not is_answered(node, client)
        busy.close()
        assert client.page().rows == [((Type.INTEGER, 20),)]


def pragmas(client: Client) -> object:
    client.execute("PRAGMA cache_size = 100")
    before = client.scalar("PRAGMA cache_size")
    client.execute("PRAGMA cache_size = 200")
    return before, client.scalar("PRAGMA cache_size")


def same_length(client: Client) -> object:
    client.execute("CREATE TABLE s (n); INSERT INTO s VALUES (1)")
    return [client.scalar(f"SELECT n + {number} FROM s") for number in (1, 2, 1, 2, 2)]


@pytest.mark.parametrize(
    ("ask", "answers"),
    [(pragmas, (100, 200)), (same_length, [2, 3, 2, 3, 3])],
)
def test_other_texts_have_their_own_answers(client: Client, ask: Callable[[Client], object], answers: object) -> None:
    assert ask(client) == answers
