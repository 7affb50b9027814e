# SPDX-License-Identifier: Apache-2.0
# Made from aio/retry.py by `tools/bazel run //tools:twins`. Change that file.
"""Runs a transaction again where it is certain that nothing of it was committed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from dqlitepy._connection.attempts import Attempts, check_after
from dqlitepy.connection import Connection
from dqlitepy.errors import Error, OperationalError

_T = TypeVar("_T")


def run_transaction(
    con: Connection,
    function: Callable[[Connection], _T],
    *,
    timeout: float = 30.0,
) -> _T:
    """Calls `function(con)` between BEGIN IMMEDIATE and COMMIT, and returns what it returned.

    Where the leader is lost before the COMMIT, or the database is locked, nothing was committed, and the whole is run
    again: `function` must do nothing that may not happen twice, other than through `con`. What is not certain is never
    run again: AmbiguousCommitError comes out as it is. Whatever else `function` raises rolls back and comes out.

    Args:
        con: a connection on which no transaction is open, and which no other thread uses meanwhile.
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
            return _run_once(con, function)
        except OperationalError as error:
            if not attempts.allow_another(error):
                raise
        time.sleep(attempts.pause())


def _run_once(con: Connection, function: Callable[[Connection], _T]) -> _T:
    con.execute("BEGIN IMMEDIATE")
    try:
        result = function(con)
        check_after(con)
        con.commit()
        return result
    except BaseException:
        with suppress(Error):
            con.rollback()
        raise
