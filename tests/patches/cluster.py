# SPDX-License-Identifier: Apache-2.0
"""A node that leads, and the other member of its cluster, which is played and has no vote."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.patches.node import NodeProcess
from tests.patches.peer import Peer, append_entries, configuration, install_snapshot
from tests.patches.wire import Failure
from tests.protocol import Request, Response
from tests.support import eventually

MEMBER = 7
# Of a node that is listened to. It waits 15 of these for a leader, and by chance up to twice as long.
HEARD_LATENCY_MS = 100


@dataclass(frozen=True)
class Place:
    """Where the node's log ends, and which term it is in."""

    term: int
    last: int
    node: str

    @property
    def end(self) -> tuple[int, int]:
        """The index and the term of its last entry."""
        return self.last, self.term


@dataclass
class Cluster:
    """A node that leads, and a member that is played and has no vote."""

    node: NodeProcess
    member: str

    def place(self) -> Place:
        """Returns where the node is when it leads."""

        def attempt() -> bytes:
            with suppress(Failure, ConnectionError), self.node.client() as client:
                client.send(Request.DESCRIBE, bytes(8), schema=1)
                return client.expect(Response.METADATA)
            return b""

        body = eventually(attempt)
        *_, term, last, _ = struct.unpack(f"<{len(body) // 8}Q", body)
        return Place(term, last, self.node.address)

    def peer(self, identity: int = MEMBER) -> Peer:
        """Returns a connection of the member's, or of who says that it is somebody else."""
        return Peer(self.node.address, identity=identity, address=self.member)

    def commit(self) -> int:
        """Writes a row when the node leads, and returns how many there are."""

        def attempt() -> int | None:
            with suppress(Failure, ConnectionError), self.node.client() as client:
                client.execute("INSERT INTO t VALUES (1)")
                count = client.scalar("SELECT count(*) FROM t")
                assert isinstance(count, int)
                return count
            return None

        count = eventually(attempt)
        assert count is not None
        return count


def start(directory: Path, member: str, *, latency_ms: int) -> Cluster:
    """Starts a fresh node, with one row, and adds the member."""
    cluster = Cluster(NodeProcess(directory, latency_ms=latency_ms), member)
    try:
        with cluster.node.client() as client:
            text = member.encode() + bytes(8 - len(member) % 8)
            client.send(Request.ADD, struct.pack("<Q", MEMBER) + text)
            client.expect(Response.EMPTY)
            client.execute("CREATE TABLE t (a)")
            client.execute("INSERT INTO t VALUES (1)")
    except BaseException:
        cluster.node.kill()
        raise
    return cluster


def heartbeat(at: Place) -> bytes:
    """Returns what makes the node a follower of the member in the next term."""
    return append_entries(at.term + 1, after=at.end)


def large_snapshot(at: Place, term: int, size: int) -> bytes:
    """Returns the beginning of an InstallSnapshot that announces so many bytes of content."""
    servers = configuration((1, at.node), (MEMBER, "127.0.0.1:2"))
    return install_snapshot(term, last=(at.last + 9, at.term), configuration=servers, data=b"", size=size)
