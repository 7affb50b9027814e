# SPDX-License-Identifier: Apache-2.0
"""`aio.run_transaction`: what is surely not committed runs again, nothing else does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

pytestmark = pytest.mark.usefixtures("loop_kind")


def run(tmp_path: Path, raised: list[Exception], *, timeout: float = 30.0) -> list[tuple[int]]:
    """Runs a transaction whose attempts raise what the list holds, one after the other, and returns what it wrote."""

    async def main() -> list[tuple[int]]:
        async with aio.connect(tmp_path) as con:
            await con.execute("CREATE TABLE IF NOT EXISTS t (a)")

            async def work(con: aio.Connection) -> str:
                await con.execute("INSERT INTO t VALUES (?)", (len(raised),))
                if raised:
                    raise raised.pop(0)
                return "done"

            try:
                assert await aio.run_transaction(con, work, timeout=timeout) == "done"
            finally:
                assert not con.in_transaction
                rows: list[tuple[int]] = await con.execute_fetchall("SELECT a FROM t")
            return rows

    return asyncio.run(main())


def test_a_lost_leader_and_a_lock_are_tried_again(tmp_path: Path) -> None:
    busy = dqlitepy.OperationalError("database is locked")
    busy.sqlite_errorcode = 5
    assert run(tmp_path, [dqlitepy.LeadershipLostError("x"), busy, dqlitepy.NotLeaderError("x")]) == [(0,)]


def test_nothing_else_is(tmp_path: Path) -> None:
    for error in (dqlitepy.AmbiguousCommitError("x"), dqlitepy.OperationalError("x"), ZeroDivisionError("x")):
        raised: list[Exception] = [error, error]
        with pytest.raises(type(error)):
            run(tmp_path, raised)
        assert raised == [error]


def test_not_after_its_time(tmp_path: Path) -> None:
    with pytest.raises(dqlitepy.LeadershipLostError):
        run(tmp_path, [dqlitepy.LeadershipLostError("x")], timeout=0.0)


def test_misuse(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con:
            await con.execute("BEGIN")
            with pytest.raises(dqlitepy.ProgrammingError, match="open on this connection already"):
                await aio.run_transaction(con, aio.Connection.commit)
            await con.rollback()
            with pytest.raises(dqlitepy.ProgrammingError, match="the function ended"):
                await aio.run_transaction(con, aio.Connection.commit)

    asyncio.run(main())
