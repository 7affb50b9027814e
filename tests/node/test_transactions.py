# SPDX-License-Identifier: Apache-2.0
"""Transactions of several connections: who sees what, who waits for whom, and for how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dqlitepy
import pytest


@pytest.fixture
def other(directory: Path, con: dqlitepy.Connection) -> Iterator[dqlitepy.Connection]:
    """Yields a second connection, which does not wait for locks, to the database of `con`, which has a table `t`."""
    con.execute("CREATE TABLE t (a)")
    connection = dqlitepy.connect(directory, timeout=0)
    yield connection
    connection.close()


def test_nothing_is_seen_before_the_commit(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.execute("INSERT INTO t VALUES (1)")
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert other.execute("SELECT a FROM t").fetchall() == []
    con.commit()
    assert other.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_a_second_writer_gets_busy(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dqlitepy.OperationalError, match="^database is locked: the node.s own process holds ") as caught:
        other.execute("INSERT INTO t VALUES (2)")
    assert caught.value.sqlite_errorname == "SQLITE_BUSY"
    assert not other.in_transaction
    con.rollback()
    other.execute("INSERT INTO t VALUES (2)")
    other.commit()
    assert con.execute("SELECT a FROM t").fetchall() == [(2,)]


def test_a_write_behind_a_begin_that_got_busy_does_not_commit_by_itself(
    con: dqlitepy.Connection, other: dqlitepy.Connection
) -> None:
    con.execute("INSERT INTO t VALUES (1)")
    for _ in range(5):
        with pytest.raises(dqlitepy.OperationalError):
            other.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(dqlitepy.OperationalError):
            other.executemany("INSERT INTO t VALUES (?)", [(3,), (4,)])
    con.commit()
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_timeout_is_the_wait_for_a_lock(directory: Path, con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    patient = dqlitepy.connect(directory, timeout=0.5)
    con.execute("INSERT INTO t VALUES (1)")
    began = time.monotonic()
    with pytest.raises(dqlitepy.OperationalError, match="locked"):
        patient.execute("INSERT INTO t VALUES (2)")
    assert time.monotonic() - began >= 0.5
    patient.close()


def test_a_writer_that_waits_goes_on_when_the_lock_is_free(directory: Path, con: dqlitepy.Connection) -> None:
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (1)")
    waiting = threading.Event()

    def write() -> None:
        patient = dqlitepy.connect(directory, timeout=60.0)
        waiting.set()
        with patient:
            patient.execute("INSERT INTO t VALUES (2)")
        patient.close()

    thread = threading.Thread(target=write)
    thread.start()
    waiting.wait()
    con.commit()
    thread.join()
    assert con.execute("SELECT a FROM t ORDER BY a").fetchall() == [(1,), (2,)]


def test_the_default_begin_takes_the_write_lock(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.execute("DELETE FROM t WHERE a = 12345")  # writes nothing, and yet
    with pytest.raises(dqlitepy.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")


def test_deferred_does_not(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.isolation_level = "DEFERRED"
    con.execute("DELETE FROM t WHERE a = 12345 AND (SELECT 0)")
    assert con.in_transaction
    con.rollback()
    con.execute("BEGIN DEFERRED")
    other.execute("BEGIN IMMEDIATE")
    other.rollback()


def test_autocommit_when_the_isolation_level_is_none(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.isolation_level = None
    con.execute("INSERT INTO t VALUES (1)")
    assert not con.in_transaction
    con.executemany("INSERT INTO t VALUES (?)", [(2,), (3,)])
    assert not con.in_transaction
    assert other.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_a_snapshot_that_is_too_old_to_write_says_so(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.execute("BEGIN DEFERRED")
    con.execute("SELECT * FROM t").fetchall()
    with other:
        other.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dqlitepy.OperationalError) as caught:
        con.execute("INSERT INTO t VALUES (2)")
    assert caught.value.sqlite_errorname == "SQLITE_BUSY_SNAPSHOT"
    con.rollback()
    with con:
        con.execute("INSERT INTO t VALUES (2)")
    assert other.execute("SELECT a FROM t").fetchall() == [(1,), (2,)]


def test_setting_the_isolation_level_to_none_commits(con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    con.execute("INSERT INTO t VALUES (1)")
    con.isolation_level = None
    assert not con.in_transaction
    assert other.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_closing_frees_the_lock(directory: Path, con: dqlitepy.Connection, other: dqlitepy.Connection) -> None:
    third = dqlitepy.connect(directory)
    third.execute("INSERT INTO t VALUES (1)")
    third.close()
    other.execute("INSERT INTO t VALUES (2)")
    other.commit()
    assert con.execute("SELECT a FROM t").fetchall() == [(2,)]
