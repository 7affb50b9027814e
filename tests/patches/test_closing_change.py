# SPDX-License-Identifier: Apache-2.0
"""A node stops cleanly although a connection, with a database open, still waits for a change of the membership."""

from __future__ import annotations

import struct

from tests.patches.node import NodeProcess
from tests.patches.wire import Client
from tests.protocol import Request, Response
from tests.support import free_address

VOTER = 0


def test_the_node_stops_cleanly(node: NodeProcess, client: Client) -> None:
    absent = free_address().encode() + b"\0"
    client.send(Request.ADD, struct.pack("<Q", 2) + absent + bytes(-len(absent) % 8))
    client.expect(Response.EMPTY)
    # This waits until the other one has the log, which it never has.
    client.send(Request.ASSIGN, struct.pack("<QQ", 2, VOTER))
    node.go_round()
