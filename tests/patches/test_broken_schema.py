# SPDX-License-Identifier: Apache-2.0
"""A schema that a client has broken, by PRAGMA writable_schema, is told of by statements, and the client can mend it.

The database goes on to be opened: what was committed is applied, also at the next start, and gets into snapshots.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

CORRUPT = 11
MORE_THAN_A_SNAPSHOT = 1200  # entries of the log: also where one was refused in their middle


def set_root(client: Client, page: int) -> None:
    client.execute("PRAGMA writable_schema = ON")
    client.execute(f"UPDATE sqlite_schema SET rootpage = {page} WHERE name = 't'")
    client.execute("PRAGMA writable_schema = RESET")


def assert_broken(node: NodeProcess) -> None:
    with node.client() as client:
        assert client.scalar("SELECT 1") == 1
        with pytest.raises(Failure) as failure:
            client.execute("INSERT INTO t VALUES (0)")
        assert failure.value.code & 255 == CORRUPT
        assert "malformed database schema (t)" in failure.value.message


def test_a_client_can_mend_what_it_broke(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path)
    try:
        with node.client() as client:
            client.execute("CREATE TABLE t (v)")
            client.execute("INSERT INTO t VALUES (1)")
            root = client.scalar("SELECT rootpage FROM sqlite_schema WHERE name = 't'")
            assert isinstance(root, int)
            set_root(client, 9999)
        assert_broken(node)
        assert node.stop() == 0

        node = NodeProcess(tmp_path, node.address)
        assert_broken(node)
        with node.client(database="another") as other:
            other.execute("CREATE TABLE t (v)")
            for _ in range(MORE_THAN_A_SNAPSHOT):
                other.execute("INSERT INTO t VALUES (1)")
            assert len(other.dump("main")) > 0
        with node.client() as client:
            set_root(client, root)
        with node.client() as client:
            assert client.execute("INSERT INTO t VALUES (2)") == 1
            assert client.scalar("SELECT group_concat(v) FROM t") == b"1,2"
            assert client.scalar("PRAGMA integrity_check") == b"ok"
            for _ in range(MORE_THAN_A_SNAPSHOT):
                client.execute("INSERT INTO t VALUES (3)")
        node.wait_for_snapshot()
        assert node.stop() == 0
    finally:
        node.kill()
