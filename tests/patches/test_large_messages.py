# SPDX-License-Identifier: Apache-2.0
"""What a member has to be sent may be large; a transaction that no server could take is refused before it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patches.cluster import MEMBER, Cluster, Place, heartbeat, start
from tests.patches.node import NodeProcess
from tests.patches.peer import Entry, Kind, Listener, Message, append_entries, configuration, install_snapshot
from tests.patches.wire import HANG_SECONDS, Client, Failure

# More than 500 MiB, which was the limit, and than what 32 bits can say.
SIZE = 5 << 30
LATENCY_MS = 100  # it answers several times in 15 of these
MOST_MIB = 1024
ROW_MIB = 16


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Yields where the node reaches the server that is played."""
    with Listener() as where:
        yield where


@pytest.fixture
def cluster(tmp_path: Path, listener: Listener) -> Iterator[Cluster]:
    """Yields a node that leads, and a server that is played."""
    cluster = start(tmp_path / "node", listener.address, latency_ms=LATENCY_MS)
    yield cluster
    cluster.node.kill()


def entries(at: Place, term: int) -> bytes:
    """Returns the beginning of an AppendEntries with as many entries as a server may lack."""
    several = [Entry(term, Kind.COMMAND, b"", size=SIZE // 8) for _ in range(8)]
    return append_entries(term, several, after=at.end)


def snapshot(at: Place, term: int) -> bytes:
    """Returns the beginning of an InstallSnapshot."""
    servers = configuration((1, at.node), (MEMBER, "127.0.0.1:2"))
    return install_snapshot(term, last=(at.last + 9, at.term), configuration=servers, data=b"", size=SIZE)


@pytest.mark.parametrize("beginning", [entries, snapshot])
def test_a_message_may_be_larger_than_any_limit(
    cluster: Cluster, listener: Listener, beginning: Callable[[Place, int], bytes]
) -> None:
    """Else a server that has to be sent so much could never join, and none that was away could catch up."""
    cluster.commit()
    at = cluster.place()
    term = at.term + 1
    deadline = time.monotonic() + HANG_SECONDS
    with cluster.peer() as peer:
        peer.send(heartbeat(at) + beginning(at, term))
        answers = 0
        while answers < 3:  # the node answers while it receives, each time behind some more bytes
            peer.send(bytes(4096))
            time.sleep(0.01)
            messages = listener.messages()
            answers += sum(kind == Message.APPEND_ENTRIES_RESULT and words[0] == term for kind, words in messages)
            assert time.monotonic() < deadline
    cluster.commit()


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
