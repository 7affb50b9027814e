# SPDX-License-Identifier: Apache-2.0
"""A node tells who is connected to it, and who finds the database locked is told by whom."""

from __future__ import annotations

import struct
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import HANG_SECONDS, Client, Failure
from tests.protocol import Request, Response
from tests.support import eventually, free_address

BUSY = 5
RUNNING, TRANSACTION, LOCK, WAITING = (2 << bit for bit in range(4))
MOST_LISTED = 256
ENDLESS = "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n) "


@dataclass(frozen=True)
class Listed:
    """What the node says of one connection."""

    id: int
    state: int
    connected: int
    active: int
    began: int
    address: str
    database: str


def address_of(client: Client) -> str:
    host, port = client.socket.getsockname()
    return f"{host}:{port}"


def page(client: Client, begin: int = 0) -> tuple[list[Listed], bool]:
    client.send(Request.DESCRIBE, struct.pack("<Q", begin), schema=2)
    body = client.expect(Response.METADATA)
    count, more = struct.unpack_from("<2Q", body)
    position, found = 16, []
    for _ in range(count):
        numbers = struct.unpack_from("<5Q", body, position)
        position += 40
        texts = []
        for _ in range(2):
            end = body.index(b"\0", position)
            texts.append(body[position:end].decode())
            position = end // 8 * 8 + 8
        found.append(Listed(*numbers, *texts))
    assert position == len(body)
    return found, bool(more)


def listed(asker: Client, *clients: Client) -> list[Listed]:
    found, more = page(asker)
    assert not more
    known = {each.address: each for each in found}
    return [known[address_of(client)] for client in clients]


def test_who_is_connected(node: NodeProcess) -> None:
    with node.client() as asker, node.client(database="other") as idle, node.stranger():
        idle.execute("CREATE TABLE t (a)")
        found, more = page(asker)
        assert not more
        assert [(each.address, each.database) for each in found] == [
            (address_of(asker), "main"),
            (address_of(idle), "other"),
        ]
        assert found[0].id < found[1].id
        assert [each.state for each in found] == [0, 0]  # the one that asks waits for no statement
        assert max(each.active for each in found) <= max(each.connected for each in found) < HANG_SECONDS * 1000
        assert [each.began for each in found] == [0, 0]


def test_what_each_does(node: NodeProcess) -> None:
    with node.client() as asker, node.client() as writer, node.client() as reader, node.client() as other:
        asker.execute("CREATE TABLE t (a)")
        reader.execute("BEGIN")
        assert [each.state for each in listed(asker, reader)] == [0]  # it has neither read nor written
        reader.query("SELECT * FROM t")
        writer.execute("BEGIN IMMEDIATE")
        other.begin_query(ENDLESS + "SELECT count(*) FROM n")
        [running] = eventually(lambda: listed(asker, other), lambda found: found[0].state)
        assert running.state == RUNNING
        states = [each.state for each in listed(asker, writer, reader)]
        assert states == [TRANSACTION | LOCK, TRANSACTION]
        began = [each.began for each in listed(asker, writer, reader)]
        assert began == sorted(began)
        writer.execute("COMMIT")
        reader.execute("COMMIT")
        assert [each.state for each in listed(asker, writer, reader)] == [0, 0]


def test_a_client_that_does_not_take_its_rows_is_idle(node: NodeProcess) -> None:
    with node.client() as asker, node.client(receive_buffer=4096) as reader:
        reader.execute("BEGIN")
        reader.begin_query(ENDLESS + "SELECT zeroblob(3500) FROM n")
        assert reader.page().rows
        eventually(lambda: listed(asker, reader), lambda found: found[0].state & RUNNING == 0)


def test_more_than_one_answer_has(node: NodeProcess) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(node.client()) for _ in range(MOST_LISTED + 5)]
        first, more = page(clients[0])
        assert (len(first), more) == (MOST_LISTED, True)
        second, more = page(clients[0], first[-1].id + 1)
        assert (len(second), more) == (5, False)
        found = [each.address for each in first + second]
        assert found == [address_of(client) for client in clients]


@pytest.mark.parametrize("transaction", [True, False])
def test_who_holds_the_lock(node: NodeProcess, transaction: bool) -> None:
    with node.client() as asker, node.client() as holder, node.client() as other:
        holder.execute("CREATE TABLE t (a)")
        if transaction:
            holder.execute("BEGIN IMMEDIATE")
            end = r"by a transaction that began \d+\.\d s ago; it has sent nothing for \d+\.\d s\. End that client, or "
            end += "set the node's idle_transaction_timeout"
        else:
            holder.begin_execute(ENDLESS + "INSERT INTO t SELECT a FROM n LIMIT 1 OFFSET 1000000000000")
            eventually(lambda: listed(asker, holder), lambda found: found[0].state == RUNNING | LOCK)
            end = r"by a statement that began \d+\.\d s ago"
        with pytest.raises(
            Failure, match=f"database is locked: {address_of(holder)} holds the write lock, {end}"
        ) as caught:
            other.execute("INSERT INTO t VALUES (1)")
        assert caught.value.code == BUSY


def test_who_waits(tmp_path: Path) -> None:
    address = free_address()
    with (
        dqlitepy.Node(tmp_path, address=address, bare=True, busy_timeout=HANG_SECONDS) as running,
        Client(address) as asker,
        Client(address) as holder,
        Client(address) as other,
    ):
        running.wait_ready(HANG_SECONDS)
        holder.execute("CREATE TABLE t (a)")
        holder.execute("BEGIN IMMEDIATE")
        other.begin_execute("INSERT INTO t VALUES (1)")
        [waiting] = eventually(lambda: listed(asker, other), lambda found: found[0].state)
        assert waiting.state == RUNNING | WAITING
        holder.execute("COMMIT")
        other.expect(Response.RESULT)
        assert [each.state for each in listed(asker, other)] == [0]


def test_a_client_of_an_embedded_node(tmp_path: Path) -> None:
    with closing(dqlitepy.connect(tmp_path)) as holder, closing(dqlitepy.connect(tmp_path, timeout=0)) as other:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(dqlitepy.OperationalError, match="the node's own process holds the write lock, by a trans"):
            other.execute("BEGIN IMMEDIATE")
