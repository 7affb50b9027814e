# SPDX-License-Identifier: Apache-2.0
"""How a connection begins, commits and rolls back transactions, in each mode of `autocommit`."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Literal, TypeVar

from dqlitepy._blocking.transactions import SyncTransactions
from dqlitepy._connection.transactions import Autocommit, checked_autocommit, checked_isolation_level
from dqlitepy.errors import Error

# Jedi takes Self in a base class for the base class; this variable it takes for the subclass.
_Self = TypeVar("_Self", bound="TransactionControl")


class TransactionControl(SyncTransactions):
    """A connection that controls transactions as PEP 249 and `sqlite3` do."""

    @property
    def isolation_level(self) -> str | None:
        """What precedes the first write of a transaction: "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"; None for nothing.

        Counts only where `autocommit` is LEGACY_TRANSACTION_CONTROL. Setting None commits the open transaction.
        """
        self._open_number()
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        level = checked_isolation_level(level)
        self._open_number()
        self._control_by(self._autocommit, level)  # also where the commit then fails, as in sqlite3
        if level is None:
            self.commit()

    @property
    def autocommit(self) -> Autocommit:
        """Who controls transactions.

        False: a transaction is always open, as PEP 249 has it; `commit` and `rollback` begin the next one.
        True: each statement commits by itself, unless BEGIN was executed; `commit` and `rollback` do nothing.
        LEGACY_TRANSACTION_CONTROL, the default: `isolation_level` does.

        Setting True commits the open transaction, setting False begins one where none is open.
        """
        self._open_number()
        return self._autocommit

    @autocommit.setter
    def autocommit(self, mode: Autocommit) -> None:
        mode = checked_autocommit(mode)
        self._open_number()
        self._exclusively(self._usable_number)
        if mode is True:
            self._end_transaction("COMMIT")
        elif mode is False:
            self._begin_transaction()
        self._control_by(mode, self._isolation_level)

    def __enter__(self: _Self) -> _Self:
        """Begins a block at whose end the transaction is committed, or rolled back where an exception leaves it."""
        self._open_number()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Commits or rolls back; does not close."""
        if error is not None:
            self.rollback()
            return False
        try:
            self.commit()
        except BaseException:
            with suppress(Error):
                self.rollback()
            raise
        return False

    def _begin_transaction(self) -> None:
        """Begins a transaction if none is open."""

        def begin() -> None:
            if not self._has_transaction():
                self._run_to_the_end(self._control("BEGIN"))

        self._exclusively(begin)
