# SPDX-License-Identifier: Apache-2.0
"""A message that takes longer to come than a leader is waited for costs nobody the leadership."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.patches.cluster import HEARD_LATENCY_MS, Cluster, Place, heartbeat, large_snapshot
from tests.patches.peer import Entry, Kind, Listener, Message, append_entries
from tests.patches.wire import HANG_SECONDS
from tests.support import eventually

ELECTION_SECONDS = 15 * HEARD_LATENCY_MS / 1000
SIZE = 64 << 20


def entries(at: Place, term: int) -> bytes:
    """Returns the beginning of an AppendEntries with one large entry."""
    return append_entries(term, [Entry(term, Kind.COMMAND, b"", size=SIZE)], after=at.end)


def snapshot(at: Place, term: int) -> bytes:
    """Returns the beginning of an InstallSnapshot."""
    return large_snapshot(at, term, SIZE)


@pytest.mark.parametrize("beginning", [entries, snapshot])
def test_a_leader_is_heard_and_answered_while_its_message_comes(
    heard_cluster: Cluster, listener: Listener, beginning: Callable[[Place, int], bytes]
) -> None:
    """Bytes come one by one for longer than an election takes to begin; then they stop, and it begins."""
    deadline = time.monotonic() + HANG_SECONDS
    while True:
        rows = heard_cluster.commit()  # so that the last entry is of the term in which the node leads
        at = heard_cluster.place()
        term = at.term + 1
        slowest = 0.0
        with heard_cluster.peer() as peer:
            peer.send(heartbeat(at) + beginning(at, term))
            listener.messages()
            began = last = time.monotonic()
            while last - began < 2.5 * ELECTION_SECONDS:
                peer.send(bytes(64))
                time.sleep(0.01)
                now = time.monotonic()
                slowest, last = max(slowest, now - last), now
            answers = [words for kind, words in listener.messages() if kind == Message.APPEND_ENTRIES_RESULT]
        # Where this machine was too busy to send, the node was right to think that nobody leads.
        if slowest < ELECTION_SECONDS / 4:
            break
        assert time.monotonic() < deadline, f"nothing was sent for {slowest:.1f} s"
    # Several for each election timeout. They acknowledge nothing and refuse nothing.
    assert len([words for words in answers if words[:3] == (term, 0, 0)]) >= 5
    assert {words[0] for words in answers} == {term}
    assert heard_cluster.commit() == rows + 1
    assert heard_cluster.place().term > term


@pytest.mark.parametrize("beginning", [entries, snapshot])
def test_one_of_an_earlier_term_holds_up_no_election(
    heard_cluster: Cluster, beginning: Callable[[Place, int], bytes]
) -> None:
    """The node leads again while the bytes still come."""
    at = heard_cluster.place()
    with heard_cluster.peer() as peer, heard_cluster.peer() as former:
        peer.send(heartbeat(at))
        former.send(beginning(at, at.term))

        def lead_again() -> bool:
            former.send(bytes(64))
            return heard_cluster.place().term > at.term + 1

        assert eventually(lead_again)
    assert heard_cluster.commit() == 2
