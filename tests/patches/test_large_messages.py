# SPDX-License-Identifier: Apache-2.0
"""What a member has to be sent may be large; a transaction that no server could take is refused before it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patches.cluster import Cluster, Place, heartbeat, large_snapshot
from tests.patches.node import NodeProcess
from tests.patches.peer import Entry, Kind, Listener, Message, append_entries
from tests.patches.wire import HANG_SECONDS, Client, Failure

# More than 500 MiB, which was the limit, and than what 32 bits can say.
SIZE = 5 << 30
MOST_MIB = 1024
ROW_MIB = 16


def entries(at: Place, term: int) -> bytes:
    """Returns the beginning of an AppendEntries with as many entries as a server may lack."""
    several = [Entry(term, Kind.COMMAND, b"", size=SIZE // 8) for _ in range(8)]
    return append_entries(term, several, after=at.end)


def snapshot(at: Place, term: int) -> bytes:
    """Returns the beginning of an InstallSnapshot."""
    return large_snapshot(at, term, SIZE)


@pytest.mark.parametrize("beginning", [entries, snapshot])
def test_a_message_may_be_larger_than_any_limit(
    heard_cluster: Cluster, listener: Listener, beginning: Callable[[Place, int], bytes]
) -> None:
    """Else a server that has to be sent so much could never join, and none that was away could catch up."""
    heard_cluster.commit()
    at = heard_cluster.place()
    term = at.term + 1
    deadline = time.monotonic() + HANG_SECONDS
    with heard_cluster.peer() as peer:
        peer.send(heartbeat(at) + beginning(at, term))
        answers = 0
        while answers < 3:  # the node answers while it receives, each time behind some more bytes
            peer.send(bytes(4096))
            time.sleep(0.01)
            messages = listener.messages()
            answers += sum(kind == Message.APPEND_ENTRIES_RESULT and words[0] == term for kind, words in messages)
            assert time.monotonic() < deadline
    heard_cluster.commit()


def _available_mib() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) >> 10


@pytest.mark.skipif(_available_mib() < 6 * MOST_MIB, reason="this machine has too little memory free")
def test_a_transaction_that_is_too_large(node: NodeProcess, client: Client) -> None:
    """The error says so before anything is sent; nothing of it stays, and smaller ones go on."""
    client.execute("CREATE TABLE t (v)")
    client.execute(f"INSERT INTO t VALUES (zeroblob({ROW_MIB << 20}))")
    rows = MOST_MIB // ROW_MIB
    many = (
        f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
        f"INSERT INTO t SELECT zeroblob({ROW_MIB << 20}) FROM n"
    )
    with pytest.raises(Failure, match=rf"a transaction of 10\d\d MiB: at most {MOST_MIB} MiB can be replicated"):
        client.execute(many)
    assert client.scalar("SELECT count(*) FROM t") == 1
    client.execute(f"INSERT INTO t VALUES (zeroblob({ROW_MIB << 20}))")
    with node.client() as other:
        assert other.scalar("SELECT count(*) FROM t") == 2
