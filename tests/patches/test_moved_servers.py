# SPDX-License-Identifier: Apache-2.0
"""A leader takes another address for a member, by one change of the configuration."""

from __future__ import annotations

import struct

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure
from tests.protocol import Request, Response, text
from tests.support import free_address

REFUSED, PARSE = 1, 1005


def move(client: Client, number: int, address: str, *, schema: int = 1) -> None:
    client.send(Request.ADD, struct.pack("<Q", number) + text(address.encode()), schema=schema)
    client.expect(Response.EMPTY)


def members(client: Client) -> list[tuple[int, str]]:
    client.send(Request.CLUSTER, struct.pack("<Q", 1))
    body = client.expect(Response.SERVERS)
    [count] = struct.unpack_from("<Q", body)
    position, found = 8, []
    for _ in range(count):
        [number] = struct.unpack_from("<Q", body, position)
        end = body.index(b"\0", position + 8)
        found.append((number, body[position + 8 : end].decode()))
        position = end // 8 * 8 + 16
    return found


def test_a_server_moves(node: NodeProcess, client: Client) -> None:
    [(number, address)] = members(client)
    other, spare = free_address("127.0.0.2"), free_address("127.0.0.3")
    move(client, 7, spare, schema=0)  # a new one
    move(client, number, other)
    assert members(client) == [(number, other), (7, spare)]
    move(client, 7, address)
    assert members(client) == [(number, other), (7, address)]
    move(client, number, spare)
    client.execute("CREATE TABLE t (a)")  # it goes on


def test_what_cannot_move(node: NodeProcess, client: Client) -> None:
    [(number, address)] = members(client)
    spare = free_address("127.0.0.3")
    move(client, 7, spare, schema=0)
    for who, where, schema, code in [
        (9, free_address("127.0.0.4"), 1, REFUSED),  # nobody
        (number, spare, 1, REFUSED),  # another one's
        (7, spare, 1, REFUSED),  # its own
        (7, "", 1, REFUSED),
        (7, free_address("127.0.0.4"), 2, PARSE),
    ]:
        with pytest.raises(Failure) as failure:
            move(client, who, where, schema=schema)
        assert failure.value.code == code, (who, where, failure.value)
    assert members(client) == [(number, address), (7, spare)]
    move(client, 7, free_address("127.0.0.4"))
