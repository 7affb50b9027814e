# SPDX-License-Identifier: Apache-2.0
"""What a client asks for may be larger than the memory that is left: it is told so, and the node goes on."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, Failure

MEGABYTE = 2**20
NO_MEMORY = 7
NO_SUCH_COLUMN = 1

TOO_LARGE = [
    "SELECT zeroblob(900000000)",
    "SELECT zeroblob(150000000), zeroblob(150000000), zeroblob(150000000)",
    "SELECT randomblob(150000000) FROM (VALUES (1), (2), (3), (4), (5)) ORDER BY 1",
]


def leave_memory(node: NodeProcess, size: int) -> None:
    """Lets the node take so many bytes more than it has."""
    pages = int(Path(f"/proc/{node.pid}/statm").read_text().split()[0])
    _, hard = resource.prlimit(node.pid, resource.RLIMIT_AS)
    resource.prlimit(node.pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + size, hard))


@pytest.mark.parametrize("statement", TOO_LARGE)
def test_a_client_is_told(node: NodeProcess, client: Client, statement: str) -> None:
    client.execute("CREATE TABLE t (v)")
    leave_memory(node, 400 * MEGABYTE)
    with node.client() as greedy:
        with pytest.raises(Failure) as failure:
            greedy.query(statement)
        assert failure.value.code & 255 == NO_MEMORY, failure.value
    assert client.execute("INSERT INTO t VALUES (1)") == 1


def test_an_error_that_repeats_a_long_statement(node: NodeProcess, client: Client) -> None:
    """Memory runs out at another place each time, also for the answer itself."""
    client.execute("CREATE TABLE t (v)")
    told = set()
    for size in range(150, 450, 30):
        with node.client() as greedy:
            leave_memory(node, size * MEGABYTE)
            try:
                greedy.query("SELECT " + "x" * 60_000_000)
            except Failure as failure:
                told.add(failure.code & 255)
            except ConnectionError:
                pass  # there was no memory for the request
        assert client.execute("INSERT INTO t VALUES (1)") == 1
    assert told <= {NO_MEMORY, NO_SUCH_COLUMN}
