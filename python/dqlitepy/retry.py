# SPDX-License-Identifier: Apache-2.0
"""Runs a transaction again where it is certain that nothing of it was committed."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import TypeVar

from dqlitepy.dbapi import Connection
from dqlitepy.errors import Error, LeadershipLostError, NotLeaderError, OperationalError, ProgrammingError

_T = TypeVar("_T")

_BUSY = 5
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.5


def run_transaction(con: Connection, function: Callable[[Connection], _T], *, timeout: float = 30.0) -> _T:
    """Calls `function(con)` between BEGIN IMMEDIATE and COMMIT, and returns what it returned.

    Where the leader is lost before the COMMIT, or the database is locked, nothing was committed, and the whole is run
    again: `function` must do nothing that may not happen twice, other than through `con`. What is not certain is never
    run again: AmbiguousCommitError comes out as it is. Whatever else `function` raises rolls back and comes out.

    Args:
        con: a connection on which no transaction is open.
        function: does the work; it must neither commit nor roll back.
        timeout: seconds after which it is not run again.

    Raises:
        ProgrammingError: a transaction is open already, or `function` ended its own.
        AmbiguousCommitError: the COMMIT may or may not have happened: look before you run it again.
    """
    deadline = monotonic() + timeout
    pause = _FIRST_PAUSE
    while True:
        if con.in_transaction:
            raise ProgrammingError("a transaction is open on this connection already: commit it first")
        try:
            return _run_once(con, function)
        except OperationalError as error:
            if not _is_safe(error) or monotonic() + pause > deadline:
                raise
        sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _run_once(con: Connection, function: Callable[[Connection], _T]) -> _T:
    con.execute("BEGIN IMMEDIATE")
    try:
        result = function(con)
        if not con.in_transaction:
            raise ProgrammingError("the function ended the transaction: leave COMMIT and ROLLBACK to run_transaction")
        con.commit()
        return result
    except BaseException:
        with suppress(Error):
            con.rollback()
        raise


def _is_safe(error: OperationalError) -> bool:
    if isinstance(error, LeadershipLostError | NotLeaderError):
        return True
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == _BUSY
