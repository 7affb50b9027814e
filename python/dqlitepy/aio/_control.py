# SPDX-License-Identifier: Apache-2.0
"""How a connection of asyncio begins, commits and rolls back transactions. The twin of `_control`."""

from __future__ import annotations

from dqlitepy._connection.transactions import Autocommit, checked_autocommit, checked_isolation_level
from dqlitepy.aio._transactions import AsyncTransactions
from dqlitepy.errors import ProgrammingError


class AsyncTransactionControl(AsyncTransactions):
    """A connection that controls transactions as PEP 249 and `sqlite3` do."""

    @property
    def isolation_level(self) -> str | None:
        """What precedes the first write of a transaction: "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"; None for nothing.

        Counts only where `autocommit` is LEGACY_TRANSACTION_CONTROL. Cannot become None inside a transaction.
        """
        self._open_number()
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        level = checked_isolation_level(level)
        if level is None and self._has_transaction():
            raise ProgrammingError("a transaction is open, and an assignment cannot wait: commit it first")
        self._open_number()
        self._control_by(self._autocommit, level)

    @property
    def autocommit(self) -> Autocommit:
        """Who controls transactions.

        False: a transaction is always open, as PEP 249 has it; `commit` and `rollback` begin the next one.
        True: each statement commits by itself, unless BEGIN was executed; `commit` and `rollback` do nothing.
        LEGACY_TRANSACTION_CONTROL, the default: `isolation_level` does.

        May be assigned where that neither commits nor begins a transaction; `set_autocommit` always does it.
        """
        self._open_number()
        return self._autocommit

    @autocommit.setter
    def autocommit(self, mode: Autocommit) -> None:
        mode = checked_autocommit(mode)
        self._usable_number()
        if mode is self._has_transaction():  # True commits an open one, False begins one
            raise ProgrammingError(
                f"this would {'commit' if mode else 'begin'} a transaction, and an assignment cannot wait: "
                f"await set_autocommit({mode})"
            )
        self._control_by(mode, self._isolation_level)

    async def set_autocommit(self, mode: Autocommit) -> None:
        """Changes `autocommit`: True commits the open transaction, False begins one where none is open.

        Raises:
            ValueError: there is no such mode.
            AmbiguousCommitError, OperationalError: as `commit`.
        """
        mode = checked_autocommit(mode)
        self._usable_number()

        async def change() -> None:
            if mode is self._has_transaction():
                await self._run_to_the_end(self._control("COMMIT" if mode else "BEGIN"))
            self._control_by(mode, self._isolation_level)

        await self._exclusively(change)
