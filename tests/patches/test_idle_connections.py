# SPDX-License-Identifier: Apache-2.0
"""A connection that has carried a large message gives the memory back while it goes on being open."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client
from tests.protocol import Request, Type

MEBIBYTE = 1 << 20
# What the heap may keep for the process as a whole, however many connections there are.
HEAP = 64 * MEBIBYTE


def _resident(pid: int) -> int:
    """Returns how much memory a process has, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the process has ended")


def _echo(client: Client, size: int) -> None:
    """Sends a blob as a parameter and reads it back as a row."""
    sql = b"SELECT ?"
    text = sql + b"\0" * (8 - len(sql) % 8)
    parameters = struct.pack("<BB6x", 1, Type.BLOB) + struct.pack("<Q", size) + b"x" * size
    client.send(Request.QUERY_SQL, bytes(8) + text + parameters)
    assert client.page().size > size
    assert client.page().is_last


# The C library gets blocks of more than 32 MiB from the kernel, whatever happened before.
@pytest.mark.parametrize(("size", "connections"), [(64 * MEBIBYTE, 4), (4 * MEBIBYTE, 32)])
def test_large_messages_there_and_back(node: NodeProcess, size: int, connections: int) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(node.client()) for _ in range(connections)]
        before = _resident(node.pid)
        for client in clients:
            _echo(client, size)
        # A client may see an answer before its server is done with it, but not the next one.
        for client in clients:
            assert client.scalar("SELECT 7") == 7

        assert _resident(node.pid) - before < HEAP
