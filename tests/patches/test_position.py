# SPDX-License-Identifier: Apache-2.0
"""A node tells where it is in the log and what it takes on disk."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.patches.wire import Client
from tests.protocol import Request, Response


def describe(client: Client, *, schema: int) -> tuple[int, ...]:
    client.send(Request.DESCRIBE, bytes(8), schema=schema)
    body = client.expect(Response.METADATA)
    return struct.unpack(f"<{len(body) // 8}Q", body)


def test_what_every_server_tells_is_unchanged(client: Client) -> None:
    assert describe(client, schema=0) == (0, 0)


def test_the_position_and_the_size(client: Client, tmp_path: Path) -> None:
    # The configuration is the first entry, and the election of the only voter begins the second term.
    assert describe(client, schema=1)[:4] == (0, 0, 2, 1)
    client.execute("CREATE TABLE t (v)")
    client.execute("INSERT INTO t VALUES (1)")
    *_, term, last_index, size = describe(client, schema=1)
    assert (term, last_index) == (2, 3)
    assert 0 < size <= sum(file.stat().st_blocks * 512 for file in tmp_path.iterdir()) + 8 << 20
