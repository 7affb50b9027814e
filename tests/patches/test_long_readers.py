# SPDX-License-Identifier: Apache-2.0
"""What reads for ever is ended before the WAL, which it keeps, takes more memory than it may; and its client knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import HANG_SECONDS, Client, Failure
from tests.support import eventually, free_address

NOT_LEADER = 10 | 40 << 8
MIB = 1 << 20
LIMIT = 16 * MIB
FRAMES = LIMIT // 4096
ROWS = 500
WHY = "the node ended what the connection read: it kept the WAL, which had reached wal_limit"
ENDLESS = "WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n) "
CREATE = "CREATE TABLE t (a INTEGER PRIMARY KEY, n, b)"
FILL = (
    f"WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n WHERE a < {ROWS}) "
    "INSERT INTO t SELECT a, 0, zeroblob(3500) FROM n"
)
WRITE = "UPDATE t SET n = n + 1 WHERE a % 5 = 0"  # a fifth of the rows, each with a page of its own


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A node whose WALs have the least limit."""
    process = NodeProcess(tmp_path / "data", wal_limit=LIMIT)
    try:
        yield process
        assert process.stop() == 0, process.log()
    finally:
        process.kill()


@pytest.fixture
def client(node: NodeProcess) -> Iterator[Client]:
    """A client that writes."""
    with node.client() as connection:
        connection.execute(CREATE)
        connection.execute(FILL)
        yield connection


def _write(client: Client, limits: int = 4) -> int:
    """Commits as many pages as WALs of so many times the limit have. Returns how long this one was."""
    longest = 0
    for _ in range(limits * FRAMES // (ROWS // 5)):
        client.execute(WRITE)
        longest = max(longest, client.wal_frames())
    return longest


def _is_told(reader: Client) -> None:
    """The reader gets an error that says what happened, and nothing that it sends afterwards runs."""
    for _ in range(2):
        with pytest.raises(Failure) as failure:
            reader.execute("INSERT INTO t (n) VALUES ('outside')")
        assert (failure.value.code, failure.value.message) == (NOT_LEADER, WHY)
    with pytest.raises(Failure) as failure:
        reader.open("main")
    assert failure.value.message == WHY


def _has_ended_one(node: NodeProcess, client: Client, longest: int) -> None:
    assert FRAMES <= longest < 2 * FRAMES
    assert node.log().count("ended what a client (127.0.0.1:") == 1, node.log()
    assert "of database main for " in node.log()
    client.execute(WRITE)
    assert client.wal_frames() < FRAMES
    assert client.scalar("SELECT count(*) FROM t WHERE n = 'outside'") == 0
    assert client.scalar("PRAGMA integrity_check") == b"ok"


def test_an_idle_transaction(node: NodeProcess, client: Client) -> None:
    with node.client() as reader:
        reader.execute("BEGIN")
        assert reader.scalar("SELECT count(*) FROM t") == ROWS
        longest = _write(client)
        _is_told(reader)
        _has_ended_one(node, client, longest)


@pytest.mark.parametrize("begin", ["BEGIN", None])
def test_an_idle_cursor(node: NodeProcess, client: Client, begin: str | None) -> None:
    """Its client has a part of the result, and the failure comes behind that."""
    with node.client(receive_buffer=4096) as reader:
        if begin:
            reader.execute(begin)
        reader.begin_query(ENDLESS + "SELECT b FROM t, n")
        assert reader.page().rows
        longest = _write(client)
        with pytest.raises(Failure) as failure:
            while not reader.page().is_last:
                pass
        assert (failure.value.code, failure.value.message) == (NOT_LEADER, WHY)
        with pytest.raises(ConnectionError):
            reader.execute("INSERT INTO t (n) VALUES ('outside')")
        _has_ended_one(node, client, longest)


@pytest.mark.parametrize("begin", ["BEGIN", None])
def test_a_query_that_runs(node: NodeProcess, client: Client, begin: str | None) -> None:
    with node.client() as reader:
        if begin:
            reader.execute(begin)
        reader.begin_query(ENDLESS + "SELECT count(*) FROM t, n")
        longest = _write(client)
        with pytest.raises(Failure) as failure:
            reader.page()
        assert (failure.value.code, failure.value.message) == (NOT_LEADER, WHY)
        _is_told(reader)
        _has_ended_one(node, client, longest)


def test_short_transactions_go_on(node: NodeProcess, client: Client) -> None:
    """One is always open beside a long one, each while five commits come. None of them gets an error."""
    with node.client() as long, node.client() as reader, node.client() as other:
        long.execute("BEGIN")
        long.scalar("SELECT count(*) FROM t")
        longest = begun = 0
        for n in range(4 * FRAMES // (ROWS // 5)):
            if n % 5 == 0:
                reader, other = other, reader
                reader.execute("BEGIN")
                begun = int(reader.scalar("SELECT sum(n) FROM t") or 0)
            client.execute(WRITE)
            longest = max(longest, client.wal_frames())
            assert reader.scalar("SELECT sum(n) FROM t") == begun
            if n % 5 == 4:
                reader.execute("COMMIT")
        _is_told(long)
        _has_ended_one(node, client, longest)


def test_transactions_that_overlap_all_the_time(node: NodeProcess, client: Client) -> None:
    """None is long, but there is no moment without one: the oldest ones are ended all the same."""
    readers = [node.client() for _ in range(2)]
    longest = ended = 0
    for n in range(6 * FRAMES // (ROWS // 5)):
        client.execute(WRITE)
        longest = max(longest, client.wal_frames())
        if n % 4 == 0:
            readers.append(readers.pop(0))
            try:
                readers[1].execute("COMMIT")
            except Failure as failure:
                ended += failure.message == WHY
                readers[1].close()
                readers[1] = node.client()
            readers[1].execute("BEGIN")
            readers[1].scalar("SELECT count(*) FROM t")
    for reader in readers:
        reader.close()
    assert ended
    assert longest < 2 * FRAMES


def test_a_large_transaction_ends_nobody(node: NodeProcess, client: Client) -> None:
    """Neither its own connection nor who reads meanwhile, however many pages it has."""
    with node.client() as reader:
        reader.execute("BEGIN")
        reader.scalar("SELECT count(*) FROM t")
        client.execute(
            f"WITH RECURSIVE n(a) AS (VALUES (1) UNION ALL SELECT a + 1 FROM n WHERE a < {3 * FRAMES}) "
            "INSERT INTO t (b) SELECT zeroblob(3500) FROM n"
        )
        assert client.wal_frames() > 3 * FRAMES
        assert reader.scalar("SELECT count(*) FROM t") == ROWS
        reader.execute("COMMIT")
        assert client.wal_frames() == 0
        assert client.scalar("SELECT count(*) FROM t") == ROWS + 3 * FRAMES
    assert "ended what" not in node.log()


def _resident(node: NodeProcess) -> int:
    for line in Path(f"/proc/{node.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no resident memory")


def test_the_memory_goes_back(tmp_path: Path) -> None:
    """To the system, not only to the heap, where other things lie between."""
    limit = 256 * MIB
    node = NodeProcess(tmp_path / "data", wal_limit=limit)
    try:
        with node.client() as client, node.client() as reader:
            client.execute(CREATE)
            client.execute(FILL)
            client.execute("BEGIN")
            client.scalar("SELECT count(*) FROM t")
            client.execute("COMMIT")
            reader.execute("BEGIN")
            reader.scalar("SELECT count(*) FROM t")
            highest = 0
            for _ in range(limit // 4096 // ROWS):
                client.execute("UPDATE t SET n = n + 1")
                highest = max(highest, _resident(node))
            client.execute("UPDATE t SET n = n + 1")
            client.execute("UPDATE t SET n = n + 1")
            _is_told(reader)
            assert client.wal_frames() < 2 * ROWS
            # Most of what is left is the log, which has bounds of its own.
            left = eventually(lambda: _resident(node) if _resident(node) < highest - limit * 3 // 4 else None)
            assert left is not None, (highest, _resident(node))
        assert node.stop() == 0
    finally:
        node.kill()


def test_a_client_of_the_node_s_process(tmp_path: Path) -> None:
    with dqlitepy.Node(tmp_path, address=free_address(), bare=True, wal_limit=LIMIT) as running:
        running.wait_ready(HANG_SECONDS)
        with (
            closing(dqlitepy.connect(running)) as writer,
            closing(dqlitepy.connect(running)) as idle,
            closing(dqlitepy.connect(running)) as reading,
        ):
            writer.execute(CREATE)
            writer.execute(FILL)
            writer.commit()
            idle.execute("BEGIN")
            idle.execute("SELECT count(*) FROM t").fetchall()
            rows = reading.execute(ENDLESS + "SELECT b FROM t, n")
            rows.fetchone()
            longest = 0
            for _ in range(4 * FRAMES // (ROWS // 5)):
                writer.execute(WRITE)
                writer.commit()
                longest = max(longest, int(writer.execute("PRAGMA wal_frames").fetchone()[0]))
            assert FRAMES <= longest < 2 * FRAMES
            with pytest.raises(dqlitepy.LeadershipLostError, match="wal_limit: the open transaction is gone"):
                idle.execute("INSERT INTO t (n) VALUES ('inside')")
            assert not idle.in_transaction
            with pytest.raises(dqlitepy.OperationalError, match="wal_limit"):
                for _ in rows:
                    pass
            # Both go on, by another connection to the node.
            assert idle.execute("SELECT count(*) FROM t WHERE n = 'inside'").fetchone() == (0,)
            assert reading.execute("SELECT count(*) FROM t").fetchone() == (ROWS,)


@pytest.mark.parametrize("limit", [0, LIMIT - 1, 2**63])
def test_a_limit_that_cannot_be(tmp_path: Path, limit: int) -> None:
    with pytest.raises(ValueError, match="wal_limit"):
        dqlitepy.Node(tmp_path, wal_limit=limit)
