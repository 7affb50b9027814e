# SPDX-License-Identifier: Apache-2.0
"""A database that was opened and never written to leaves nothing behind when its last connection is closed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Failure

NAMES = 300
MORE_THAN_A_SNAPSHOT = 600  # entries of the log


def databases_in_memory(node: NodeProcess) -> int:
    """Each has a file in memory, by which its connections share the index of the WAL."""
    count = 0
    for descriptor in Path(f"/proc/{node.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            count += "dqlite-shm" in os.readlink(descriptor)
    return count


def assert_unknown(node: NodeProcess, name: str) -> None:
    with node.client() as client, pytest.raises(Failure) as failure:
        client.dump(name)
    assert "does not exist" in failure.value.message


def test_it_leaves_nothing(node: NodeProcess) -> None:
    with node.client() as client:
        client.execute("CREATE TABLE t (v)")
        before = databases_in_memory(node)
        for number in range(NAMES):
            node.client(database=f"blank{number}").close()
        node.go_round()
        assert databases_in_memory(node) == before
        assert_unknown(node, "blank7")


def test_one_that_was_read(node: NodeProcess) -> None:
    with node.client(database="other") as client:
        assert client.query("SELECT * FROM sqlite_schema") == []
        client.execute("BEGIN IMMEDIATE")
        client.execute("CREATE TABLE t (v)")
        client.execute("ROLLBACK")
        number = client.prepare("SELECT 1")
        assert number == 0
    node.go_round()
    assert_unknown(node, "other")
    with node.client(database="other") as client:
        client.execute("CREATE TABLE t (v)")


def test_one_that_others_have_open(node: NodeProcess) -> None:
    with node.client(database="other") as client:
        node.client(database="other").close()
        node.go_round()
        assert client.execute("CREATE TABLE t (v)") == 0
        with node.client(database="other") as second:
            assert second.execute("INSERT INTO t VALUES (1)") == 1
    node.go_round()
    with node.client(database="other") as client:
        assert client.scalar("SELECT count(*) FROM t") == 1


def test_it_gets_into_no_snapshot(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path)
    try:
        with node.client(database="blank"), node.client() as client:
            client.execute("CREATE TABLE t (v)")
            for _ in range(MORE_THAN_A_SNAPSHOT):
                client.execute("INSERT INTO t VALUES (1)")
            node.wait_for_snapshot()
        assert node.stop() == 0
        node = NodeProcess(tmp_path, node.address)
        with node.client() as client:
            assert client.scalar("SELECT count(*) FROM t") == MORE_THAN_A_SNAPSHOT
        assert_unknown(node, "blank")
        assert node.stop() == 0
    finally:
        node.kill()


def test_stopped_while_it_is_open(node: NodeProcess) -> None:
    client = node.client(database="blank")
    assert client.scalar("SELECT 1") == 1
    assert node.stop() == 0
    client.close()
