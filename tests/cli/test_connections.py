# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy connections`: who is connected to a node, and who keeps the others from writing."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import aio

from tests.cli.command import dqlitepy as run
from tests.cli.command import fail, succeed
from tests.cli.nodes import NodeProcess
from tests.support import HANG, eventually, free_address


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    node = NodeProcess(tmp_path / "n1", "--address", free_address(), "--web", "127.0.0.1:0")
    try:
        node.wait_ready()
        yield node
    finally:
        node.kill()


@pytest.fixture
def address(node: NodeProcess) -> str:
    return node.wait_ready()["address"]


def listed(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(succeed("connections", *arguments, "--json"))
    return found


def test_who_holds_the_lock_comes_first(address: str) -> None:
    with (
        closing(dqlitepy.connect(f"dqlite://{address}/first")) as reader,
        closing(dqlitepy.connect(f"dqlite://{address}/first", isolation_level=None)) as writer,
        closing(dqlitepy.connect(f"dqlite://{address}/first", timeout=0)) as other,
    ):
        writer.execute("CREATE TABLE t (a)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(dqlitepy.OperationalError) as locked:
            other.execute("INSERT INTO t VALUES (1)")
        found = listed(address)
        assert [each["database"] for each in found[:3]] == ["first"] * 3
        assert [each["holds_lock"] for each in found] == [True] + [False] * (len(found) - 1)
        assert [each["in_transaction"] for each in found] == [True, True] + [False] * (len(found) - 2)
        assert [each["state"] for each in found[:3]] == ["idle"] * 3
        assert {each["node"] for each in found} == {address}
        assert not any(each["in_process"] for each in found)
        assert f"database is locked: {found[0]['address']} holds the write lock, by a transaction" in str(locked.value)
        shown = succeed("connections", address).splitlines()
        assert found[0]["address"] in shown[1]
        assert "idle in a transaction" in shown[1]
        assert shown[1].endswith("holds the write lock")
        assert sum("holds the write lock" in line for line in shown) == 1
        # The same from a program, in either way.
        client = dqlitepy.Client(address, timeout=HANG)
        [holder] = [each for each in client.connections(address) if each.holds_lock]
        assert (holder.id, holder.address, holder.in_transaction) == (found[0]["id"], found[0]["address"], True)
        assert holder.transaction_seconds is not None
        assert 0 <= holder.state_seconds <= holder.transaction_seconds <= holder.connected_seconds
        [waited] = [
            each for each in asyncio.run(aio.Client(address, timeout=HANG).connections(address)) if each.holds_lock
        ]
        assert waited.id == holder.id
    assert not any(each["holds_lock"] for each in eventually(lambda: listed(address), lambda found: len(found) == 1))


def test_the_page_shows_open_transactions(node: NodeProcess, address: str) -> None:
    url = f"http://127.0.0.1:{node.wait_ready()['web']}"

    def told() -> dict[str, Any]:
        with urllib.request.urlopen(f"{url}/status.json") as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    with closing(dqlitepy.connect(f"dqlite://{address}/main")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        report = eventually(told, lambda report: report.get("transactions"))
        [transaction] = report["transactions"]
        assert (transaction["holds_lock"], transaction["database"]) == (True, "main")
        assert report["connections"] >= 1
        with urllib.request.urlopen(url) as answer:
            page = answer.read().decode()
        assert transaction["address"] in page
        assert "holds the write lock" in page
    eventually(told, lambda report: report.get("transactions") == [])


def test_all_members(tmp_path: Path, address: str) -> None:
    second = NodeProcess(tmp_path / "n2", "--address", free_address("127.0.0.2"), "--join", address)
    try:
        other = second.wait_ready()["address"]
        assert {each["node"] for each in listed(address)} == {address}
        assert {each["node"] for each in listed(f"{address},{other}")} == {address, other}
        assert {each["node"] for each in listed(other, "--all")} == {address, other}
        assert succeed("connections", other, "--all").startswith("node ")
    finally:
        second.kill()


def test_what_fails() -> None:
    address = free_address()
    assert address in fail("connections", address)
    assert "no node is given" in fail("connections", "")
    assert run("connections").returncode == 2


def test_a_node_tells_its_own(tmp_path: Path) -> None:
    with dqlitepy.Node(tmp_path / "n", address=free_address()) as node, closing(dqlitepy.connect(node)) as con:
        con.execute("SELECT 1")
        assert [each.database for each in node.connections()].count("main") == 1

    async def asynchronously() -> list[dqlitepy.ConnectionInfo]:
        async with aio.Node(tmp_path / "n") as again, aio.connect(again) as con:
            await con.execute("SELECT 1")
            return await again.connections()

    assert [each.database for each in asyncio.run(asynchronously())].count("main") == 1


def test_a_node_ends_idle_transactions(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "n1", "--address", free_address(), "--idle-transaction-timeout", "0.2")
    try:
        address = node.wait_ready()["address"]
        with (
            closing(dqlitepy.connect(f"dqlite://{address}/main")) as idle,
            closing(dqlitepy.connect(f"dqlite://{address}/main", isolation_level=None, timeout=HANG)) as other,
        ):
            other.execute("CREATE TABLE t (a)")
            idle.execute("INSERT INTO t VALUES ('idle')")
            other.execute("INSERT INTO t VALUES ('other')")
            with pytest.raises(dqlitepy.LeadershipLostError, match="idle_transaction_timeout"):
                idle.commit()
            assert other.execute("SELECT a FROM t").fetchall() == [("other",)]
        _, _, errors = node.stop()
        assert "ended a transaction of a client (127.0.0.1:" in errors
    finally:
        node.kill()
