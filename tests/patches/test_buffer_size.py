# SPDX-License-Identifier: Apache-2.0
"""A header that promises gigabytes keeps nobody but its sender waiting."""

from __future__ import annotations

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client
from tests.protocol import Request, header

GIBIBYTE = 1 << 30


# A request is read if it has less than 4 GiB; a larger one ends its connection.
@pytest.mark.parametrize("size", [2 * GIBIBYTE, 2 * GIBIBYTE + 8, 4 * GIBIBYTE - 8, 4 * GIBIBYTE])
def test_a_header_that_promises_gigabytes(node: NodeProcess, client: Client, size: int) -> None:
    with node.client() as other:
        other.socket.sendall(header(Request.EXEC_SQL, size // 8))
        other.socket.sendall(bytes(8))
        assert client.scalar("SELECT 7") == 7
