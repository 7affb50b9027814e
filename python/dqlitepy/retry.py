# SPDX-License-Identifier: Apache-2.0
"""Runs a transaction again where it is certain that nothing of it was committed."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Protocol, TypeVar

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
    attempts = Attempts(timeout)
    while True:
        attempts.check_before(con)
        try:
            return _run_once(con, function)
        except OperationalError as error:
            if not attempts.allow_another(error):
                raise
        sleep(attempts.pause())


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


class Transactional(Protocol):
    """A connection of either kind."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""


class Attempts:
    """Decides whether and when a transaction is run again; for both ways of waiting."""

    def __init__(self, timeout: float) -> None:
        self._deadline = monotonic() + timeout
        self._pause = _FIRST_PAUSE

    @staticmethod
    def check_before(con: Transactional) -> None:
        """Raises ProgrammingError where a transaction is open before it is to begin."""
        if con.in_transaction:
            raise ProgrammingError("a transaction is open on this connection already: commit it first")

    def allow_another(self, error: OperationalError) -> bool:
        """Whether nothing was committed and the time allows another attempt."""
        safe = isinstance(error, LeadershipLostError | NotLeaderError)
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == _BUSY
        return (safe or busy) and monotonic() + self._pause <= self._deadline

    def pause(self) -> float:
        """Returns the seconds to wait before the next attempt."""
        seconds = self._pause * random.uniform(0.5, 1.5)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return seconds


def check_after(con: Transactional) -> None:
    """Raises ProgrammingError where the transaction is over before its COMMIT."""
    if not con.in_transaction:
        raise ProgrammingError("the function ended the transaction: leave COMMIT and ROLLBACK to run_transaction")
