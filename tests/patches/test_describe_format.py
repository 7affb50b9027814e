# SPDX-License-Identifier: Apache-2.0
"""A node outlives a DESCRIBE of a format that it does not know."""

from __future__ import annotations

import struct

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure
from tests.protocol import Request, Response

SQLITE_PROTOCOL = 15
UNKNOWN_FORMAT = 7


def test_an_unknown_format_is_refused_once(client: Client, node: NodeProcess) -> None:
    client.send(Request.DESCRIBE, struct.pack("<Q", UNKNOWN_FORMAT))
    with pytest.raises(Failure) as refused:
        client.expect(Response.METADATA)
    assert refused.value.code == SQLITE_PROTOCOL
    client.send(Request.DESCRIBE, bytes(8))
    assert client.expect(Response.METADATA) == bytes(16)
    with node.client() as another:
        assert another.scalar("SELECT 1") == 1
