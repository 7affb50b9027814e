# SPDX-License-Identifier: Apache-2.0
"""A client that poses as a server is refused if it can be recognised; otherwise it takes little memory."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.patches.cluster import Cluster, heartbeat, start
from tests.patches.peer import Message, Peer, frame
from tests.protocol import Request, Response
from tests.support import eventually, free_address

DIALED = 64  # how many servers a node dials
STRANGERS = 80


@pytest.mark.parametrize("identity", [0, 1, 5])
def test_who_is_no_other_member(cluster: Cluster, identity: int) -> None:
    """Nobody, a server that there is not; and the node itself, whose id is not known here, is no member either."""
    with cluster.peer(identity) as peer:
        peer.wait_closed()
    assert cluster.commit() == 2


def test_the_node_itself(cluster: Cluster) -> None:
    with cluster.node.client() as client:
        client.send(Request.LEADER, bytes(8))
        (identity,) = struct.unpack_from("<Q", client.expect(Response.SERVER))
    with cluster.peer(identity) as peer:
        peer.wait_closed()
    assert cluster.commit() == 2


def test_strangers_that_are_answered(tmp_path: Path) -> None:
    """A node that follows cannot know who is a member, and answers. It does not go on dialing all of them."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=STRANGERS)
    listener.settimeout(0.01)
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    cluster = start(tmp_path / "data", free_address(), latency_ms=0)
    at = cluster.place()
    connections: list[socket.socket] = []

    def count() -> tuple[int, int]:
        """Returns how many connections were made, and how many of them have ended."""
        leader.send(heartbeat(at))  # so that it goes on following
        with suppress(TimeoutError):
            connections.append(stack.enter_context(listener.accept()[0]))
        return len(connections), sum(map(has_ended, connections))

    try:
        with ExitStack() as stack, listener:
            leader = stack.enter_context(cluster.peer())
            for identity in range(100, 100 + STRANGERS):
                leader.send(heartbeat(at))
                stranger = stack.enter_context(Peer(cluster.node.address, identity=identity, address=address))
                stranger.send(frame(Message.REQUEST_VOTE, at.term + 1, identity, *at.end, 0))
            eventually(count, lambda found: found[0] >= STRANGERS and found[1] >= STRANGERS - DIALED)
        assert cluster.commit() == 2
        assert cluster.node.stop() == 0
    finally:
        cluster.node.kill()


def has_ended(connection: socket.socket) -> bool:
    """Whether the node has closed a connection."""
    connection.setblocking(False)
    try:
        while data := connection.recv(1 << 16):
            assert data
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True
