# SPDX-License-Identifier: Apache-2.0
"""Who connects as a member gets a few connections, and a message that does not end takes memory for so long only."""

from __future__ import annotations

import select
import struct
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.patches.cluster import MEMBER, Cluster, Place, heartbeat
from tests.patches.peer import Entry, Kind, Peer, append_entries, configuration, install_snapshot
from tests.patches.wire import leader_request
from tests.protocol import Request, Response
from tests.support import eventually

EACH = 4  # connections of a member
STRANGE = 16  # connections of all who are no members
MANY = 300
MEGABYTE = 1 << 20
LARGE = 400 * MEGABYTE
PART = 48 * MEGABYTE
PROTOCOL = b"\1\0\0\0\0\0\0\0"  # what each client says first


def open_connections(peers: list[Peer]) -> list[int]:
    """Returns the places of those that the node has not closed."""
    poll = select.poll()
    for peer in peers:
        poll.register(peer, select.POLLIN)
    closed = {number for number, _ in poll.poll(0)}
    return [place for place, peer in enumerate(peers) if peer.fileno() not in closed]


def settle(cluster: Cluster) -> None:
    """Returns when the loop has dealt with all that it was sent before, also where the node does not lead."""
    with cluster.node.stranger() as client:
        client.socket.sendall(PROTOCOL)
        for _ in range(2):
            client.socket.sendall(leader_request())
            client.expect(Response.SERVER)


def large_entry(at: Place, size: int) -> bytes:
    """Returns the beginning of an AppendEntries with one entry of so many bytes."""
    return append_entries(at.term + 1, [Entry(at.term + 1, Kind.COMMAND, b"", size=size)], after=at.end)


def large_snapshot(at: Place, size: int) -> bytes:
    """Returns the beginning of an InstallSnapshot of so many bytes."""
    servers = configuration((1, at.node), (MEMBER, "127.0.0.1:2"))
    return install_snapshot(at.term + 1, last=(at.last + 9, at.term), configuration=servers, data=b"", size=size)


def test_a_member_has_a_few_connections(cluster: Cluster) -> None:
    """Those that have said nothing go first, so that the one by which the member speaks stays."""
    with ExitStack() as stack:
        speaks = stack.enter_context(cluster.peer())
        speaks.send(heartbeat(cluster.place()))
        settle(cluster)
        others = [stack.enter_context(cluster.peer()) for _ in range(MANY)]
        eventually(lambda: open_connections(others) == list(range(MANY - EACH + 1, MANY)))
        assert open_connections([speaks]) == [0]
        assert cluster.commit() == 2


def test_of_those_that_spoke_the_quietest_goes(cluster: Cluster) -> None:
    """So a connection that a partition left behind makes room for the next one."""
    at = cluster.place()
    with ExitStack() as stack:
        peers = []
        for _ in range(3 * EACH):
            peers.append(stack.enter_context(cluster.peer()))
            peers[0].send(heartbeat(at))
            settle(cluster)
            peers[-1].send(heartbeat(at))
            settle(cluster)
        places = open_connections(peers)
        assert len(places) == EACH
        assert {0, 3 * EACH - 1} <= set(places)
    assert cluster.commit() == 2


def test_strangers_share_a_few_connections(cluster: Cluster) -> None:
    """A node that follows hears who it does not know; a member's connection is not closed for them."""
    at = cluster.place()
    with ExitStack() as stack:
        member = stack.enter_context(cluster.peer())
        member.send(heartbeat(at))
        settle(cluster)
        strangers = []
        for identity in range(100, 100 + MANY):
            member.send(heartbeat(at))  # so that it goes on following
            strangers.append(stack.enter_context(cluster.peer(identity)))
        eventually(lambda: len(open_connections(strangers)) <= STRANGE)
        assert open_connections([member]) == [0]
    assert cluster.commit() == 2


@pytest.mark.parametrize("beginning", [large_entry, large_snapshot])
def test_a_member_has_one_message_under_way(cluster: Cluster, beginning: Callable[[Place, int], bytes]) -> None:
    """The next one takes its place, and the memory is free when the connection is gone."""
    at = cluster.place()
    before = cluster.node.resident()
    with ExitStack() as stack:
        peers: list[Peer] = []
        for _ in range(8):
            peers.append(stack.enter_context(cluster.peer()))
            peers[-1].send(beginning(at, LARGE) + bytes(PART))
        eventually(lambda: open_connections(peers) == [len(peers) - 1])
        assert cluster.node.resident() - before < 3 * PART
        assert cluster.commit() == 2
    settle(cluster)
    eventually(lambda: cluster.node.resident() - before < PART // 2)
    assert "a part of a message of" in cluster.node.log()


def test_a_message_that_does_not_go_on(cluster: Cluster) -> None:
    """Its connection is closed; not so one by which a message goes on slowly, or that has nothing to say."""
    at = cluster.place()
    with ExitStack() as stack:
        parts = [b"", heartbeat(at)[:8], heartbeat(at)[:-8], large_entry(at, MEGABYTE) + bytes(64)]
        idle, preamble, header, content = peers = [stack.enter_context(cluster.peer()) for _ in parts]
        for peer, part in zip(peers, parts, strict=True):
            peer.send(part)

        def closed() -> bool:
            content.send(bytes(8))
            return open_connections([preamble, header]) == []

        eventually(closed)
        assert open_connections([idle, content]) == [0, 1]
        content.wait_closed()
        idle.send(heartbeat(at))
        eventually(lambda: cluster.place().term > at.term)
        assert cluster.commit() == 2
    told = [line for line in cluster.node.log().splitlines() if "and then nothing" in line]
    assert f"of server {MEMBER} ({cluster.member}), which sent a part of a message of " in told[0]


def test_all_messages_share_the_room(cluster: Cluster) -> None:
    """Messages of several members: the one from which nothing came for longest makes room; a small one never does."""
    identities = range(101, 105)
    with cluster.node.client() as client:
        for identity in identities:
            address = f"127.0.0.{identity}:1\0".encode()
            client.send(Request.ADD, struct.pack("<Q", identity) + address + bytes(-len(address) % 8))
            client.expect(Response.EMPTY)
    at = cluster.place()
    with ExitStack() as stack:
        small = stack.enter_context(cluster.peer())
        small.send(large_entry(at, MEGABYTE // 2))
        settle(cluster)
        large = []
        for identity in identities:
            large.append(stack.enter_context(cluster.peer(identity)))
            large[-1].send(large_entry(at, LARGE) + bytes(64))
            small.send(bytes(8))  # so that it is not taken for one that does not go on
            settle(cluster)
        eventually(lambda: open_connections(large) == [len(large) - 1])
        assert open_connections([small]) == [0]
        assert cluster.commit() == 2
