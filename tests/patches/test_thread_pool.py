# SPDX-License-Identifier: Apache-2.0
"""SELECTs that take long do not stop the node from writing."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.patches.node import NodeProcess
from tests.patches.wire import Response, leader_request

# Twice as many as libuv's own default has threads.
SLOW_SELECTS = 8
# A first page, which tells that the statement runs, and then none for ever.
ENDLESS = (
    "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) "
    "SELECT zeroblob(100000) UNION ALL SELECT n FROM endless WHERE n < 0"
)


def test_writes_go_on_beside_slow_selects(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path)
    try:
        with ExitStack() as connections:
            writer = connections.enter_context(node.client())
            writer.execute("CREATE TABLE t (v INTEGER)")
            for _ in range(SLOW_SELECTS):
                reader = connections.enter_context(node.client())
                reader.begin_query(ENDLESS)
                assert not reader.page().is_last
            # Once round the server's loop, which goes on with each of them when its page is written.
            writer.socket.sendall(leader_request())
            writer.expect(Response.SERVER)

            assert writer.execute("INSERT INTO t VALUES (1)") == 1
    finally:
        node.kill()
