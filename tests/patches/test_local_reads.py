# SPDX-License-Identifier: Apache-2.0
"""A node that does not lead answers who asks for that: by what is committed, and no older than the client bears."""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patches.cluster import MEMBER, Cluster, start
from tests.patches.node import NodeProcess
from tests.patches.peer import (
    PAGE,
    Entry,
    Kind,
    Peer,
    append_entries,
    configuration,
    frames,
    install_snapshot,
    snapshot,
)
from tests.patches.wire import Client, Failure, Open
from tests.protocol import Request, Response
from tests.support import eventually

LOCAL = Open.POSITIONS | Open.LOCAL
NOT_LEADER = 10 | 40 << 8
STALE = 1010
# It would wait half a minute for a leader, so that the one that is played may be slow.
LATENCY_MS = 2000
VERSION = "SELECT user_version FROM pragma_user_version"


@dataclass
class Leader:
    """The member, which leads the node from the next term on, and what it has said."""

    cluster: Cluster
    peer: Peer
    term: int
    last: tuple[int, int]  # the index and the term of the last entry
    page: bytes  # the first one of the database
    commit: int
    node_id: int

    def write(self, version: int) -> int:
        """Sends an entry that sets PRAGMA user_version, and returns its index."""
        page = self.page[:60] + struct.pack(">I", version) + self.page[64:]
        return self._append(Entry(self.term, Kind.COMMAND, frames([(1, page)])))

    def _append(self, entry: Entry) -> int:
        self.peer.send(append_entries(self.term, [entry], after=self.last, commit=self.commit))
        self.last = self.last[0] + 1, self.term
        return self.last[0]

    def say(self, commit: int | None = None) -> None:
        """Sends a heartbeat that tells what is committed."""
        self.commit = self.commit if commit is None else commit
        self.peer.send(append_entries(self.term, after=self.last, commit=self.commit))

    def is_heard_by(self, client: Client) -> bool:
        """Sends a heartbeat, and tells whether the node is fresh enough by now for what the client bears."""
        self.say()
        with suppress(Failure):
            return client.scalar(VERSION) == 0
        return False

    def begin_term(self) -> None:
        """Commits the entry that each leader begins with."""
        self.say(self._append(Entry(self.term, Kind.BARRIER, bytes(8))))

    def replace(self, version: int) -> None:
        """Sends a snapshot of a database with one page and this PRAGMA user_version."""
        page = bytearray(self.page)
        page[60:64] = struct.pack(">I", version)
        page[100:] = bytes(PAGE - 100)
        page[28:32] = struct.pack(">I", 1)
        page[100] = 13
        page[105:107] = struct.pack(">H", PAGE)
        servers = configuration((self.node_id, self.cluster.node.address), (MEMBER, self.cluster.member))
        self.last = self.last[0] + 9, self.term
        self.peer.send(
            install_snapshot(
                self.term, last=self.last, configuration=_with_vote(servers), data=snapshot((b"main", bytes(page)))
            )
        )


def _with_vote(servers: bytes) -> bytes:
    """Returns a configuration whose first server has a vote."""
    end = servers.index(b"\0", 17) + 1
    return servers[:end] + b"\1" + servers[end + 1 :]


@pytest.fixture
def latency_ms() -> int:
    """What decides how long the node waits for the leader."""
    return LATENCY_MS


@pytest.fixture
def leader(tmp_path: Path, latency_ms: int) -> Iterator[Leader]:
    """A node with a table, which follows the member."""
    cluster = start(tmp_path / "node", "127.0.0.1:1", latency_ms=latency_ms)
    try:
        place = cluster.place()
        with cluster.node.client() as client:
            page = client.dump()[:PAGE]
            client.send(Request.CLUSTER, bytes(8))
            (node_id,) = struct.unpack_from("<8xQ", client.expect(Response.SERVERS))
        with cluster.peer() as peer:
            played = Leader(cluster, peer, place.term + 1, place.end, page, place.last, node_id)
            played.begin_term()
            eventually(lambda: leads(cluster.node), lambda answer: not answer)
            with connect(cluster.node) as client:
                client.wait_applied(played.last[0], timeout_ms=2**31)
            yield played
        assert cluster.node.stop() == 0
    finally:
        cluster.node.kill()


def leads(node: NodeProcess) -> bool:
    """Tells whether a node opens a database as a leader does."""
    try:
        node.client().close()
    except Failure as failure:
        assert failure.code == NOT_LEADER
        return False
    return True


def is_stopped(pid: int) -> bool:
    """Tells whether a process is suspended, with all of its threads."""
    tasks = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(task.read_text().rpartition(") ")[2].startswith("T") for task in tasks)


def connect(node: NodeProcess, *, max_staleness_ms: int = 0) -> Client:
    """Returns a client that reads whoever leads."""
    return Client(node.address, flags=LOCAL, max_staleness_ms=max_staleness_ms)


def test_a_follower_reads_and_does_nothing_else(leader: Leader) -> None:
    with connect(leader.cluster.node) as client:
        assert client.granted == LOCAL
        assert client.scalar("SELECT count(*) FROM t") == 1
        assert client.position == leader.last[0]
        for sql in (
            "INSERT INTO t VALUES (2)",
            "BEGIN IMMEDIATE",
            "CREATE TEMP TABLE u (a)",
            "PRAGMA delete_database",
            "EXPLAIN PRAGMA delete_database",
            "/**/ pragma user_version = 3",
            "ATTACH 'other' AS o",
            "VACUUM",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        ):
            with pytest.raises(Failure) as caught:
                client.execute(sql)
            assert caught.value.code == NOT_LEADER, sql
            with pytest.raises(Failure):
                client.query(sql)
        with pytest.raises(Failure, match="not leader"):
            client.prepare("PRAGMA delete_database")  # to compile it is to execute it
        client.send(Request.EXEC, struct.pack("<II", 0, client.prepare("BEGIN IMMEDIATE")) + bytes(8))
        with pytest.raises(Failure, match="not leader"):
            client.expect(Response.RESULT)
        assert client.scalar("SELECT count(*) FROM t") == 1


def test_who_asks_for_nothing_is_told_nothing(leader: Leader) -> None:
    """As every client of another kind, whose responses stay as they are."""
    with pytest.raises(Failure, match="not leader"):
        leader.cluster.node.client()


def test_what_is_not_committed_is_not_read(leader: Leader) -> None:
    with connect(leader.cluster.node) as client, connect(leader.cluster.node) as waiting:
        index = leader.write(version=7)
        waiting.send(Request.AWAIT, struct.pack("<QQ", index, 2**31))
        with pytest.raises(Failure, match=rf"up to entry {index - 1}, not yet to entry {index}'") as caught:
            client.wait_applied(index, timeout_ms=10)
        assert caught.value.code == STALE
        assert client.scalar(VERSION) == 0
        leader.say(commit=index)
        waiting.expect(Response.EMPTY)
        assert waiting.scalar(VERSION) == 7
        assert waiting.position == index


def test_a_read_transaction_sees_one_state(leader: Leader) -> None:
    with connect(leader.cluster.node) as client, connect(leader.cluster.node) as other:
        client.execute("BEGIN")
        assert client.scalar(VERSION) == 0
        index = leader.write(version=7)
        leader.say(commit=index)
        other.wait_applied(index, timeout_ms=2**31)
        assert other.scalar(VERSION) == 7
        assert client.scalar(VERSION) == 0
        client.execute("COMMIT")
        assert client.scalar(VERSION) == 7


def test_how_old_a_read_may_be(leader: Leader) -> None:
    with connect(leader.cluster.node, max_staleness_ms=1500) as client:
        message = r"the node may lack what was committed in the last \d+\.\d s, and max_staleness is 1\.5 s"
        with pytest.raises(Failure, match=message) as caught:
            while True:  # the leader says nothing
                client.scalar(VERSION)
        assert caught.value.code == STALE
        eventually(lambda: leader.is_heard_by(client))


@pytest.mark.parametrize("latency_ms", [400])  # a tick each 0.6 s, an election after 6 s at least
def test_what_arrived_while_the_node_stood_still_is_old(leader: Leader) -> None:
    node = leader.cluster.node
    with connect(node, max_staleness_ms=1000) as client:
        eventually(lambda: leader.is_heard_by(client))
        os.kill(node.pid, signal.SIGSTOP)
        eventually(lambda: is_stopped(node.pid))
        for _ in range(3):
            leader.say()
        client.begin_query(VERSION)
        time.sleep(2.5)  # it is what the test is about
        os.kill(node.pid, signal.SIGCONT)
        with pytest.raises(Failure, match="the node may lack") as caught:
            client.page()
        assert caught.value.code == STALE
        eventually(lambda: leader.is_heard_by(client))


def test_who_lacks_what_the_leader_has_committed_is_old(leader: Leader) -> None:
    """However often it hears of that."""
    with connect(leader.cluster.node, max_staleness_ms=60_000) as client, connect(leader.cluster.node) as other:
        assert client.scalar(VERSION) == 0
        leader.term += 1  # a leader that has committed nothing yet, and so need not know of all that is committed
        leader.say()
        with connect(leader.cluster.node, max_staleness_ms=1500) as strict:

            def refused() -> bool:
                leader.say()
                try:
                    strict.scalar(VERSION)
                except Failure as failure:
                    assert failure.code == STALE
                    return True
                return False

            eventually(refused)
        leader.begin_term()
        other.wait_applied(leader.last[0], timeout_ms=2**31)
        assert client.scalar(VERSION) == 0


@pytest.mark.parametrize("state", ["idle", "in a transaction", "reading"])
def test_a_snapshot_ends_who_reads(leader: Leader, state: str) -> None:
    with connect(leader.cluster.node) as client:
        if state == "in a transaction":
            client.execute("BEGIN")
        if state == "reading":
            client.begin_query("WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n FROM a")
            client.page()
        else:
            assert client.scalar("SELECT count(*) FROM t") == 1
        leader.replace(version=9)

        def read() -> int | None:
            with suppress(Failure), connect(leader.cluster.node) as other:
                return int(other.scalar(VERSION) or 0)
            return None

        eventually(read, lambda version: version == 9)
        with pytest.raises(Failure, match="a snapshot of the leader replaces its databases") as caught:
            while state == "reading":  # what was sent before
                client.page()
            client.scalar(VERSION)
        assert caught.value.code == NOT_LEADER


def test_who_waits_is_answered_when_the_node_stops(leader: Leader) -> None:
    client = connect(leader.cluster.node)
    client.send(Request.AWAIT, struct.pack("<QQ", 2**62, 2**31))
    with client:
        assert leader.cluster.node.stop() == 0


def test_an_interrupt_ends_the_wait(leader: Leader) -> None:
    with connect(leader.cluster.node) as client:
        client.send(Request.AWAIT, struct.pack("<QQ", 2**62, 2**31))
        client.interrupt()
        with pytest.raises(Failure, match="interrupted"):
            client.expect(Response.EMPTY)
        client.expect(Response.EMPTY)
        assert client.scalar("SELECT count(*) FROM t") == 1


def test_the_position_of_a_write(node: NodeProcess) -> None:
    with Client(node.address, flags=Open.POSITIONS) as writer:
        before = writer.position
        writer.execute("CREATE TABLE t (a)")
        assert writer.position == before + 1
        writer.query("INSERT INTO t VALUES (1) RETURNING a")
        assert writer.position == before + 2
        writer.scalar("SELECT count(*) FROM t")
        assert writer.position == before + 2
    with connect(node) as reader:  # at a leader, too
        assert reader.scalar("SELECT count(*) FROM t") == 1
        assert reader.position == before + 2
