# SPDX-License-Identifier: Apache-2.0
"""Runs a transaction again where it is certain that nothing of it was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from dqlitepy._connection.attempts import Attempts, check_after
from dqlitepy.aio.connection import Connection
from dqlitepy.errors import Error, OperationalError

_T = TypeVar("_T")


async def run_transaction(
    con: Connection,
    function: Callable[[Connection], Awaitable[_T]],
    *,
    timeout: float = 30.0,
) -> _T:
    """Awaits `function(con)` between BEGIN IMMEDIATE and COMMIT, and returns what it returned.

    Where the leader is lost before the COMMIT, or the database is locked, nothing was committed, and the whole is run
    again: `function` must do nothing that may not happen twice, other than through `con`. What is not certain is never
    run again: AmbiguousCommitError comes out as it is. Whatever else `function` raises rolls back and comes out.

    Args:
        con: a connection on which no transaction is open, and which no other task uses meanwhile.
        function: does the work; it must neither commit nor roll back.
        timeout: seconds after which it is not run again.

    Raises:
        ProgrammingError: a transaction is open already, or `function` ended its own.
        AmbiguousCommitError: the COMMIT may or may not have happened: look before you run it again.
    """
    attempts = Attempts(timeout)
    while True:
        attempts.check_before(con)
        try:
            return await _run_once(con, function)
        except OperationalError as error:
            if not attempts.allow_another(error):
                raise
        await asyncio.sleep(attempts.pause())


async def _run_once(con: Connection, function: Callable[[Connection], Awaitable[_T]]) -> _T:
    await con.execute("BEGIN IMMEDIATE")
    try:
        result = await function(con)
        check_after(con)
        await con.commit()
        return result
    except BaseException:
        with suppress(Error):
            await con.rollback()
        raise
