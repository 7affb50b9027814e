# SPDX-License-Identifier: Apache-2.0
"""What clients and nodes took of the memory goes back to the system when they go."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess, resident
from tests.patches.wire import HANG_SECONDS, Client
from tests.support import eventually, free_address

MEGABYTE = 1 << 20
CLIENTS = 400
ROWS = 40

pytestmark = pytest.mark.skipif("DQLITEPY_NODE" in os.environ, reason="a sanitizer keeps what is freed")


@pytest.mark.parametrize("names", [1, CLIENTS])
def test_clients_that_are_gone(node: NodeProcess, names: int) -> None:
    """Of one database, or of one each: a third of what they took may stay, for the next ones."""
    with node.client() as first:
        first.execute("CREATE TABLE t (v)")
    before = node.resident()
    with ExitStack() as stack:
        for number in range(CLIENTS):
            stack.enter_context(node.client(database=f"n{number % names}"))
        grown = node.resident() - before
    assert grown > 20 * MEGABYTE
    eventually(lambda: node.resident() - before < grown / 3)


def test_a_node_that_is_gone(tmp_path: Path) -> None:
    """Its program goes on, and has the memory of its databases for something else."""
    address = free_address()
    before = resident(os.getpid())
    with dqlitepy.Node(tmp_path, address=address, bare=True) as node:
        node.wait_ready(HANG_SECONDS)
        with Client(address) as client:
            client.execute("CREATE TABLE t (v)")
            for _ in range(ROWS):
                client.execute(f"INSERT INTO t VALUES (randomblob({MEGABYTE}))")
        grown = resident(os.getpid()) - before
    assert grown > ROWS * MEGABYTE
    assert resident(os.getpid()) - before < grown / 3
