# SPDX-License-Identifier: Apache-2.0
"""A name that cannot be a database's is refused when a client opens it, and the server lives on."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

REFUSED = ["", ":memory:", "main-wal", "main-journal", "other-wal", "-wal", "x" * 505, "é" * 253, "y" * 5000]
ACCEPTED = [
    ":memory",
    " ",
    "x" * 504,
    "file:main?mode=memory&vfs=unix",
    "file::memory:",
    "../../etc/passwd",
    "/",
    "main-wal ",
    "main-WAL",
    "-journal-",
    "ключ",
    "a\nb'\"%s",
]


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: f"{name[:20]!r} of {len(name)}")
def test_refused(node: NodeProcess, client: Client, name: str) -> None:
    client.execute("CREATE TABLE t (a)")
    with pytest.raises(Failure, match="no database can have this name") as caught:
        node.client(database=name)
    assert caught.value.code == 14  # SQLITE_CANTOPEN
    assert client.execute("INSERT INTO t VALUES (1)") == 1


@pytest.mark.parametrize("name", ACCEPTED, ids=lambda name: f"{name[:20]!r} of {len(name)}")
def test_odd_names_are_names(node: NodeProcess, client: Client, name: str) -> None:
    client.execute("CREATE TABLE main (a)")
    with node.client(database=name) as one, node.client(database=name) as two:
        one.execute("CREATE TABLE t (a)")
        assert two.execute("INSERT INTO t VALUES (1), (2)") == 2
        assert one.scalar("SELECT count(*) FROM sqlite_schema") == 1
        assert one.dump(name)[:16] == b"SQLite format 3\0"
    with node.client(database=name) as again:
        assert again.scalar("SELECT count(*) FROM t") == 2


@pytest.mark.parametrize("name", ["", ":memory:", "main-wal", "nowhere"])
def test_a_copy_of_what_is_no_database(node: NodeProcess, client: Client, name: str) -> None:
    client.execute("CREATE TABLE t (a)")
    with pytest.raises(Failure, match="does not exist"):
        client.dump(name)
    assert client.scalar("SELECT count(*) FROM t") == 0


def test_a_refused_name_is_in_no_snapshot(node: NodeProcess, client: Client) -> None:
    for name in REFUSED:
        with pytest.raises(Failure):
            node.client(database=name)
    client.execute("CREATE TABLE t (a)")
    # The node takes a snapshot after 512 entries.
    for n in range(600):
        client.execute(f"INSERT INTO t VALUES ({n})")
    node.wait_for_snapshot()
    assert client.scalar("SELECT count(*) FROM t") == 600
