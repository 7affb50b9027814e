# SPDX-License-Identifier: Apache-2.0
"""Nothing that a peer sends ends a node: its connection is closed, the log says why, and the data stay as they are."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.patches.cluster import MEMBER, Cluster, Place, heartbeat
from tests.patches.peer import (
    Entry,
    Kind,
    Message,
    append_entries,
    configuration,
    frame,
    frames,
    install_snapshot,
    page_one,
    snapshot,
)
from tests.support import eventually

HUGE = 2**64 - 1
BARRIER = bytes(8)


def follow(entry: Entry, at: Place) -> bytes:
    """Returns an AppendEntries in the next term with an entry that follows on the node's log."""
    return append_entries(at.term + 1, [entry], after=at.end)


def command(content: bytes) -> Callable[[Place], bytes]:
    """Returns a message with a command that is appended."""
    return lambda at: follow(Entry(at.term + 1, Kind.COMMAND, content), at)


def change(content: bytes) -> Callable[[Place], bytes]:
    """Returns a message with a configuration that is appended."""
    return lambda at: follow(Entry(at.term + 1, Kind.CHANGE, content), at)


SERVERS = configuration((1, "127.0.0.1:1"), (MEMBER, "127.0.0.1:2"))
SOUND = snapshot((b"main", page_one()))


def send_snapshot(
    last: tuple[int, int], term: int, conf: bytes = SERVERS, index: int = 1, size: int | None = None
) -> bytes:
    """Returns an InstallSnapshot that is sound but for what is given."""
    return install_snapshot(term, last=last, configuration=conf, configuration_index=index, data=SOUND, size=size)


# What cannot be read, in whatever state the node is.
UNREADABLE: dict[str, Callable[[Place], bytes]] = {
    "no header": lambda at: frame(Message.APPEND_ENTRIES, size=0),
    "a header of gigabytes": lambda at: frame(Message.APPEND_ENTRIES, size=1 << 40),
    "a header that is cut short": lambda at: frame(Message.APPEND_ENTRIES, at.term),
    "a type that there is not": lambda at: frame(99, 1, 2, 3, 4),
    "type zero": lambda at: frame(0, 1, 2, 3, 4),
    "a type that is sent by nobody": lambda at: frame(7, 1, 2, 3, 4),
    "more entries than there are": lambda at: append_entries(at.term, count=3),
    "2^32 entries": lambda at: append_entries(at.term, count=1 << 32),
    "2^60 entries": lambda at: append_entries(at.term, count=1 << 60),
    "an entry without content": lambda at: follow(Entry(at.term, Kind.BARRIER, b""), at),
    "an entry without content beside one": lambda at: append_entries(
        at.term + 1, [Entry(at.term, Kind.BARRIER, BARRIER), Entry(at.term, Kind.BARRIER, b"")], after=at.end
    ),
    "an entry of thirteen bytes": lambda at: follow(Entry(at.term + 1, Kind.COMMAND, b"x" * 13), at),
    "an entry of gigabytes": lambda at: follow(Entry(at.term + 1, Kind.COMMAND, b"", size=0xFFFFFFF8), at),
    "an entry of no kind": lambda at: follow(Entry(at.term + 1, 9, BARRIER), at),
    "an entry of term zero": lambda at: follow(Entry(0, Kind.BARRIER, BARRIER), at),
    "a vote that is cut short": lambda at: frame(Message.REQUEST_VOTE, at.term + 1),
    "an answer that is cut short": lambda at: frame(Message.APPEND_ENTRIES_RESULT, at.term),
    "a snapshot that is cut short": lambda at: frame(Message.INSTALL_SNAPSHOT, at.term + 1, 1, 1, 1, 8, 0),
    "a snapshot with a configuration of gigabytes": lambda at: frame(
        Message.INSTALL_SNAPSHOT, at.term + 1, 9, 1, 1, HUGE - 7, 0, 8
    ),
    "a snapshot without servers": lambda at: send_snapshot((at.last + 9, at.term), at.term + 1, configuration()),
    "a snapshot with a server that has no id": lambda at: send_snapshot(
        (at.last + 9, at.term), at.term + 1, configuration((0, "x"))
    ),
    "a snapshot with servers that are not there": lambda at: send_snapshot(
        (at.last + 9, at.term), at.term + 1, configuration((1, "x"), count=1 << 60)
    ),
    "a snapshot without data": lambda at: send_snapshot((at.last + 9, at.term), at.term + 1, size=0),
    "a snapshot of 2^63 bytes": lambda at: send_snapshot((at.last + 9, at.term), at.term + 1, size=1 << 63),
}

# What cannot be in this state.
IMPOSSIBLE: dict[str, Callable[[Place], bytes]] = {
    "entries in the leader's own term": lambda at: append_entries(at.term, after=at.end),
    "a snapshot in the leader's own term": lambda at: send_snapshot((at.last + 9, at.term), at.term),
    "entries in term zero": lambda at: append_entries(0),
    "entries in the last term": lambda at: append_entries(HUGE, after=at.end),
    "a vote in the last term": lambda at: frame(Message.REQUEST_VOTE, HUGE, MEMBER, at.last, at.term, 1),
    "an answer in the last term": lambda at: frame(Message.APPEND_ENTRIES_RESULT, HUGE, 0, at.last, 0),
    "a vote for nobody": lambda at: frame(Message.REQUEST_VOTE, at.term + 1, 0, at.last, at.term, 1),
    "a vote for another one": lambda at: frame(Message.REQUEST_VOTE, at.term + 1, 5, at.last, at.term, 1),
    "a request to lead in the last term": lambda at: heartbeat(at) + frame(Message.TIMEOUT_NOW, HUGE, *at.end),
    "another committed entry before": lambda at: append_entries(at.term + 1, after=(at.last, at.term + 1)),
    "another first entry": lambda at: append_entries(at.term + 1, [Entry(at.term + 1, Kind.CHANGE, SERVERS)]),
    "a first entry that is no configuration": lambda at: append_entries(
        at.term + 1, [Entry(at.term, Kind.BARRIER, BARRIER)]
    ),
    "another committed entry": lambda at: append_entries(
        at.term + 1, [Entry(at.term + 1, Kind.BARRIER, BARRIER)], after=(at.last - 1, at.term)
    ),
    "an entry of the term to come": lambda at: follow(Entry(at.term + 2, Kind.BARRIER, BARRIER), at),
    "entries behind the last index": lambda at: append_entries(
        at.term + 1, [Entry(at.term + 1, Kind.BARRIER, BARRIER)], after=(HUGE, at.term)
    ),
    "a snapshot of another committed entry": lambda at: send_snapshot((at.last, at.term + 1), at.term + 1),
    "a snapshot of nothing": lambda at: send_snapshot((0, at.term), at.term + 1),
    "a snapshot of term zero": lambda at: send_snapshot((at.last + 9, 0), at.term + 1),
    "a snapshot of the last index": lambda at: send_snapshot((HUGE, at.term), at.term + 1),
    "a snapshot of a term to come": lambda at: send_snapshot((at.last + 9, at.term + 2), at.term + 1),
    "a snapshot with a configuration to come": lambda at: send_snapshot(
        (at.last + 9, at.term), at.term + 1, index=at.last + 10
    ),
    "a snapshot without a configuration": lambda at: send_snapshot((at.last + 9, at.term), at.term + 1, index=0),
}

# Entries that say nothing that could be done.
USELESS: dict[str, Callable[[Place], bytes]] = {
    "a configuration of no version": change(configuration((1, "x"), version=9)),
    "a configuration that is cut short": change(configuration((1, "x"), count=3)),
    "a configuration without servers": change(configuration()),
    "a configuration with one server twice": change(configuration((1, "x"), (1, "y"))),
    "a configuration with a server without id": change(configuration((0, "x"))),
    "a command that is none": command(b"\xff" * 64),
    "a command of one word": command(bytes(8)),
    "a command without a format": command(b"\0" + frames([(1, page_one())])[1:]),
    "a command without a type": command(b"\x01\x09" + frames([(1, page_one())])[2:]),
    "a name without an end": command(struct.pack("<BB6x", 1, 2) + b"x" * 64),
    "no pages": command(frames([])),
    "pages that are not there": command(frames([(1, page_one())], count=2)),
    "2^32 pages": command(frames([(1, page_one())], count=0xFFFFFFFF)),
    "pages of another size": command(frames([(1, page_one()[:512])], page=512)),
    "pages of no size": command(frames([(1, b"")], page=0)),
    "more than the pages": command(frames([(1, page_one())]) + bytes(8)),
    "page zero": command(frames([(0, page_one())])),
    "page 2^31": command(frames([(1 << 31, page_one())])),
    "page 2^63": command(frames([(1 << 63, page_one())])),
    "a transaction that does not end": command(frames([(1, page_one())], commit=0)),
    "a first page with pages of another size": command(frames([(1, page_one(page_size=512))])),
    "a first page with pages of no size": command(frames([(1, page_one(page_size=0))])),
    "a first page without a WAL": command(frames([(1, page_one(version=1))])),
    "a database that is in memory": command(frames([(1, page_one())], database=b":memory:")),
    "a database without a name": command(frames([(1, page_one())], database=b"")),
    "a database that is a WAL": command(frames([(1, page_one())], database=b"main-wal")),
    "a database with a name of a kilobyte": command(frames([(1, page_one())], database=b"x" * 1024)),
}


MESSAGES = {**UNREADABLE, **IMPOSSIBLE, **USELESS}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_no_server_sends(cluster: Cluster, name: str) -> None:
    at = cluster.place()
    with cluster.peer() as peer:
        peer.send(MESSAGES[name](at))
        peer.wait_closed()
    assert cluster.commit() == 2
    told = eventually(lambda: [line for line in cluster.node.log().splitlines() if "closed a connection" in line])
    assert f"of server {MEMBER} ({cluster.member}), which sent " in told[0]


@pytest.mark.parametrize("name", [*IMPOSSIBLE, *USELESS])
def test_what_no_server_sends_to_a_follower(cluster: Cluster, name: str) -> None:
    at = cluster.place()
    with cluster.peer() as peer:
        peer.send(heartbeat(at) + MESSAGES[name](Place(at.term, at.last, at.node)))
        if "own term" in name:
            return  # a follower has none, and these are old ones
        peer.wait_closed()
    assert cluster.commit() == 2


def test_a_true_message_is_taken(cluster: Cluster) -> None:
    """The table above would also hold for a node that takes nothing at all."""
    at = cluster.place()
    with cluster.peer() as peer:
        peer.send(follow(Entry(at.term + 1, Kind.BARRIER, BARRIER), at))
        eventually(lambda: cluster.place().term > at.term)
        assert cluster.commit() == 2
        assert "closed a connection" not in cluster.node.log()


def test_the_only_voter_leads_no_term_that_another_server_led(cluster: Cluster) -> None:
    """What the other one wrote in that term would count as the same as what this one writes."""
    at = cluster.place()
    with cluster.peer() as peer:
        peer.send(heartbeat(at))
        eventually(lambda: cluster.place().term > at.term)
        assert cluster.commit() == 2
    assert cluster.place().term == at.term + 2


@pytest.mark.parametrize("size", [2, 0xFFFFFFFF])
def test_a_committed_entry_that_does_not_fit(cluster: Cluster, size: int) -> None:
    """It may be neither left out nor applied: the node says so, and stops as any other."""
    at = cluster.place()
    content = frames([(1, page_one(size=size))], database=b"other")
    entry = Entry(at.term + 1, Kind.COMMAND, content)
    with cluster.peer() as peer:
        peer.send(append_entries(at.term + 1, [entry], after=at.end, commit=at.last + 1))
        told = eventually(lambda: [line for line in cluster.node.log().splitlines() if "takes no part" in line])
    assert f"entry {at.last + 1} of the log is committed and cannot be applied" in told[0]
