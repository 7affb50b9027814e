# SPDX-License-Identifier: Apache-2.0
"""A node all of whose threads for statements are busy for ever: what is answered has run in its loop."""

from __future__ import annotations

from contextlib import ExitStack
from select import select

from tests.patches.node import NodeProcess
from tests.patches.wire import Client

# Of SELECTs that hold up nobody, and of the others.
QUERY_THREADS = 12
OTHER_THREADS = 4
# A first page, which tells that the statement runs, and then none for ever.
ENDLESS = (
    "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) "
    "SELECT zeroblob(100000) UNION ALL SELECT n FROM endless WHERE n < 0"
)


def occupy_pool(node: NodeProcess, connections: ExitStack) -> None:
    """Keeps the pool busy as long as `connections` is open."""
    for number in range(QUERY_THREADS + OTHER_THREADS):
        if number < QUERY_THREADS:
            reader = connections.enter_context(node.client())
        else:
            reader = connections.enter_context(node.client(database=f"busy{number}"))
            reader.execute("BEGIN IMMEDIATE")
        reader.begin_query(ENDLESS)
        assert not reader.page().is_last
    node.go_round()


def is_answered(node: NodeProcess, client: Client) -> bool:
    """Returns whether the last request was answered, after the loop has dealt with it."""
    node.go_round()
    return bool(select([client.socket], [], [], 0)[0])
