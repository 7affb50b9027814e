# SPDX-License-Identifier: Apache-2.0
"""Large requests that are under way take so much memory and no more, also those that never end."""

from __future__ import annotations

import select
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import HANG_SECONDS, Client, Failure
from tests.protocol import Request, Response, Type, header
from tests.support import eventually, free_address

MEGABYTE = 1_000_000
ROOM = 512 * 2**20
LARGE = 100 * MEGABYTE
BUSY = 5


def promise(client: Client, size: int) -> None:
    """Begins a request of so many bytes that does not end."""
    client.socket.sendall(header(Request.EXEC_SQL, size // 8) + b"\0" * 8)


def length(client: Client, size: int) -> int:
    """Sends a blob and lets the node tell its length."""
    statement = b"SELECT length(?)"
    text = statement + b"\0" * (8 - len(statement) % 8)
    header = bytes([1, Type.BLOB]) + b"\0" * 6 + struct.pack("<Q", size)
    client.send(Request.QUERY_SQL, struct.pack("<Q", 0) + text + header + b"\0" * (size + -size % 8))
    body = client.expect(Response.ROWS)
    value: int = struct.unpack_from("<q", body, len(body) - 16)[0]
    return value


def refusal(client: Client, size: int) -> Failure | None:
    """How the node refuses a blob of so many bytes; None if it takes it."""
    try:
        length(client, size)
    except Failure as failure:
        return failure
    return None


@pytest.fixture
def stalled(node: NodeProcess) -> Iterator[list[Client]]:
    """Connections whose requests take all of the room, and more."""
    with ExitStack() as stack:
        clients = [stack.enter_context(node.client()) for _ in range(ROOM // LARGE + 3)]
        for client in clients:
            promise(client, LARGE)
        node.go_round()
        yield clients


def test_a_request_for_which_there_is_no_room(node: NodeProcess, stalled: list[Client]) -> None:
    with node.client() as client:
        client.execute("CREATE TABLE t (v)")
        client.execute("BEGIN")
        client.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(Failure) as failure:
            length(client, 64 * MEGABYTE)
        assert failure.value.code == BUSY
        assert "no room for a request of 64000048 bytes" in failure.value.message
        client.execute("COMMIT")  # the connection, and what it has open, stays
        assert client.scalar("SELECT count(*) FROM t") == 1
        for one in stalled:
            one.close()
        node.go_round()
        assert length(client, 64 * MEGABYTE) == 64 * MEGABYTE


def test_a_request_that_does_not_go_on_makes_room(node: NodeProcess, stalled: list[Client]) -> None:
    with node.client() as client:
        while True:
            try:
                assert length(client, 64 * MEGABYTE) == 64 * MEGABYTE
            except Failure as failure:
                assert failure.code == BUSY, failure
            else:
                break
    closed, _, _ = select.select([one.socket for one in stalled], [], [], HANG_SECONDS)
    assert closed
    assert {socket.recv(1) for socket in closed} == {b""}


def test_one_request_may_be_larger_than_the_room(node: NodeProcess) -> None:
    with node.client() as client:
        assert length(client, 600 * MEGABYTE) == 600 * MEGABYTE
        assert length(client, 1) == 1


def test_the_room_is_an_option(tmp_path: Path) -> None:
    address = free_address()
    with (
        dqlitepy.Node(tmp_path, address=address, bare=True, max_request_bytes=MEGABYTE) as running,
        ExitStack() as stack,
    ):
        running.wait_ready(HANG_SECONDS)
        promise(stack.enter_context(Client(address)), MEGABYTE // 2)
        client = stack.enter_context(Client(address))
        refused = eventually(lambda: refusal(client, MEGABYTE))  # until the node has seen the promise
        assert refused is not None and refused.code == BUSY
        assert refused.message.endswith(f"take {MEGABYTE // 2} of {MEGABYTE}")
        assert length(client, MEGABYTE // 4) == MEGABYTE // 4


@pytest.mark.parametrize("limit", [0, -1, 2**63])
def test_a_room_that_cannot_be(tmp_path: Path, limit: int) -> None:
    with pytest.raises(ValueError, match="max_request_bytes"):
        dqlitepy.Node(tmp_path, max_request_bytes=limit)
