# SPDX-License-Identifier: Apache-2.0
"""run_transaction repeats what is certain not to have happened, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import dqlitepy
import pytest

from tests.support import HANG


@pytest.fixture
def con(tmp_path: Path) -> Iterator[dqlitepy.Connection]:
    con = dqlitepy.connect(tmp_path / "data", timeout=0)
    con.execute("CREATE TABLE t (n INTEGER)")
    con.commit()
    yield con
    con.close()


def count(con: dqlitepy.Connection) -> int:
    number: int = con.execute("SELECT count(*) FROM t").fetchone()[0]
    return number


def insert(con: dqlitepy.Connection) -> int | None:
    return con.execute("INSERT INTO t VALUES (1)").lastrowid


def test_it_commits_and_returns_what_the_function_returns(con: dqlitepy.Connection) -> None:
    assert dqlitepy.run_transaction(con, insert) == 1
    assert not con.in_transaction
    con.rollback()
    assert count(con) == 1


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), dqlitepy.IntegrityError("x")])
def test_whatever_else_is_raised_rolls_back(con: dqlitepy.Connection, error: BaseException) -> None:
    def fail(con: dqlitepy.Connection) -> None:
        insert(con)
        raise error

    with pytest.raises(type(error)):
        dqlitepy.run_transaction(con, fail)
    assert not con.in_transaction
    assert count(con) == 0


@pytest.mark.parametrize("error", [dqlitepy.LeadershipLostError, dqlitepy.NotLeaderError])
def test_what_is_certain_is_run_again(con: dqlitepy.Connection, error: type[dqlitepy.Error]) -> None:
    calls: list[int | None] = []

    def flaky(con: dqlitepy.Connection) -> int:
        calls.append(insert(con))
        if len(calls) < 4:
            raise error("lost")
        return len(calls)

    assert dqlitepy.run_transaction(con, flaky) == 4
    assert count(con) == 1
    with pytest.raises(error):
        calls.clear()
        dqlitepy.run_transaction(con, flaky, timeout=0)
    assert len(calls) == 1


def test_what_is_uncertain_is_never_run_again(con: dqlitepy.Connection) -> None:
    calls: list[int | None] = []

    def uncertain(con: dqlitepy.Connection) -> None:
        calls.append(insert(con))
        raise dqlitepy.AmbiguousCommitError("who knows")

    with pytest.raises(dqlitepy.AmbiguousCommitError):
        dqlitepy.run_transaction(con, uncertain)
    assert len(calls) == 1


def test_a_lock_is_waited_for(con: dqlitepy.Connection, tmp_path: Path) -> None:
    """The connection itself waits for no lock (timeout=0), so each try fails until the other one commits."""
    other = dqlitepy.connect(tmp_path / "data", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO t VALUES (2)")
    with pytest.raises(dqlitepy.OperationalError, match="locked"):
        dqlitepy.run_transaction(con, insert, timeout=0.05)
    timer = threading.Timer(0.2, other.commit)
    timer.start()
    dqlitepy.run_transaction(con, insert, timeout=HANG)
    timer.join()
    assert count(con) == 2
    other.close()


def test_the_transaction_is_its_own(con: dqlitepy.Connection) -> None:
    for ending in ("COMMIT", "ROLLBACK"):

        def end(con: dqlitepy.Connection, ending: str = ending) -> None:
            con.execute(ending)

        with pytest.raises(dqlitepy.ProgrammingError, match="ended the transaction"):
            dqlitepy.run_transaction(con, end)
    con.execute("BEGIN")
    with pytest.raises(dqlitepy.ProgrammingError, match="open on this connection already"):
        dqlitepy.run_transaction(con, insert)
