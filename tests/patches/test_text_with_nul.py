# SPDX-License-Identifier: Apache-2.0
"""A text with a NUL character, which the wire cannot carry, is an error instead of a shorter text."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure
from tests.protocol import Type

NUL_TEXT = "CAST(x'610062' AS TEXT)"
REFUSED = "text with a NUL character cannot be sent, cast it to BLOB"


@pytest.mark.parametrize("column", ("v", "at"))
def test_it_fails_the_query(client: Client, column: str) -> None:
    client.execute(f"CREATE TABLE t (v, at DATETIME); INSERT INTO t VALUES ({NUL_TEXT}, {NUL_TEXT})")

    with pytest.raises(Failure, match=REFUSED) as caught:
        client.query(f"SELECT {column} FROM t")
    assert caught.value.code == 1
    assert client.query(f"SELECT CAST({column} AS BLOB) FROM t") == [((Type.BLOB, b"a\0b"),)]


@pytest.mark.parametrize("size", (0, 7, 8, 100_000))
def test_other_text_arrives_whole(client: Client, size: int) -> None:
    assert client.query(f"SELECT '{'é' * size}' AS v") == [((Type.TEXT, "é".encode() * size),)]


# With a second row behind it, and without one.
@pytest.mark.parametrize("rows", ("(1)", "(1), (2)"))
def test_a_write_that_cannot_tell_its_rows_writes_nothing(node: NodeProcess, client: Client, rows: str) -> None:
    client.execute("CREATE TABLE t (v INTEGER)")
    with pytest.raises(Failure, match=REFUSED):
        client.query(f"INSERT INTO t VALUES {rows} RETURNING {NUL_TEXT}")

    with node.client() as other:
        assert other.scalar("SELECT count(*) FROM t") == 0
        assert other.execute("INSERT INTO t VALUES (3)") == 1
    assert client.execute("INSERT INTO t VALUES (4)") == 1
    assert client.scalar("SELECT group_concat(v) FROM t") == b"3,4"


def test_the_transaction_of_such_a_write_is_rolled_back(node: NodeProcess, client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
    with pytest.raises(Failure, match=REFUSED):
        client.query(f"INSERT INTO t VALUES (2) RETURNING {NUL_TEXT}")

    with node.client() as other:
        assert other.execute("INSERT INTO t VALUES (3)") == 1
    with pytest.raises(Failure, match="no transaction is active"):
        client.execute("COMMIT")
    assert client.scalar("SELECT group_concat(v) FROM t") == b"3"


def test_a_query_that_fails_so_leaves_its_transaction_open(client: Client) -> None:
    client.execute("CREATE TABLE t (v INTEGER); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
    with pytest.raises(Failure, match=REFUSED):
        client.query(f"SELECT {NUL_TEXT}")

    client.execute("COMMIT")
    assert client.scalar("SELECT group_concat(v) FROM t") == b"1"
