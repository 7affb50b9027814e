# SPDX-License-Identifier: Apache-2.0
"""Whole databases out of a cluster and into one, also where there is no majority any more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dqlitepy

from tests.support import HANG, eventually


def test_out_of_a_cluster_and_into_another_database_of_it(three: list[dqlitepy.Node], tmp_path: Path) -> None:
    servers = ",".join(node.address for node in reversed(three))  # the leader is not the first that is asked
    with closing(dqlitepy.connect(f"dqlite://{servers}")) as con:
        con.execute("CREATE TABLE t (a)")
        con.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(1000)))
        con.commit()
        con.backup(tmp_path / "copy.db")
        lines = list(con.iterdump())
        with closing(dqlitepy.connect(f"dqlite://{servers}/second")) as second:
            second.restore(tmp_path / "copy.db")
            assert list(second.iterdump()) == lines
        with closing(sqlite3.connect(":memory:")) as memory:
            memory.deserialize(con.serialize())
            assert list(memory.iterdump()) == lines


def test_a_large_restore_goes_on_under_the_next_leader(three: list[dqlitepy.Node]) -> None:
    """Between two pieces nothing is lost with the leadership; within one the restore ends and leaves nothing."""
    servers = ",".join(node.address for node in three)
    with closing(sqlite3.connect(":memory:")) as memory, closing(dqlitepy.connect(f"dqlite://{servers}")) as con:
        memory.execute("CREATE TABLE t (a)")
        memory.executemany("INSERT INTO t VALUES (?)", ((bytes(500_000),) for _ in range(60)))
        memory.commit()
        leaders: list[int] = []

        def elect(status: int, remaining: int, total: int) -> None:
            if len(leaders) == 1:
                old = three[0].client().leader()
                assert old is not None
                new = next(node for node in three if node.id != old.id)
                new.client().transfer(new.id, timeout=HANG)
            leaders.append(remaining)

        con.restore(memory, progress=elect)
        assert len(leaders) > 3
        assert con.execute("SELECT count(*), sum(length(a)) FROM t").fetchone() == (60, 30_000_000)
        assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]


def test_a_node_without_a_majority_still_gives_its_copy(three: list[dqlitepy.Node]) -> None:
    first, *others = three
    with closing(dqlitepy.connect(f"dqlite://{first.address}")) as con:
        con.execute("CREATE TABLE t (a)")
        con.execute("INSERT INTO t VALUES ('precious')")
        con.commit()
    for node in others:
        node.close(handover=False)
    client = dqlitepy.Client([first.address], timeout=HANG)

    def from_the_leader() -> bytes | str:
        try:
            return client.dump(timeout=1)
        except dqlitepy.NoLeaderError:
            return "no leader"
        except dqlitepy.OperationalError as error:  # it was too slow, or stepped down meanwhile
            return str(error)

    eventually(from_the_leader, lambda told: told == "no leader")  # it steps down once it misses the others
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.deserialize(client.dump(address=first.address))
        assert memory.execute("SELECT a FROM t").fetchall() == [("precious",)]
