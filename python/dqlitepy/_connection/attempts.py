# SPDX-License-Identifier: Apache-2.0
"""The rules of `run_transaction`: whether a transaction runs again, and after which pause; for both ways of waiting."""

from __future__ import annotations

import random
from time import monotonic
from typing import Protocol

from dqlitepy._result_codes import SQLITE_BUSY
from dqlitepy.errors import LeadershipLostError, NotLeaderError, OperationalError, ProgrammingError

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.5


class Transactional(Protocol):
    """A connection of either kind."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""


class Attempts:
    """Decides whether and when a transaction is run again."""

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
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY
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
