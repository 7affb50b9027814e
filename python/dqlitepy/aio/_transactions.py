# SPDX-License-Identifier: Apache-2.0
"""How a connection commits and rolls back."""

from __future__ import annotations

from collections.abc import Callable

from dqlitepy.aio._statements import AsyncConnection


class AsyncTransactions(AsyncConnection):
    """A connection that ends transactions, in each mode of `autocommit`."""

    async def commit(self) -> None:
        """Commits the open transaction, if any. When it returns, the commit is known to have happened.

        Raises:
            AmbiguousCommitError: the connection to the leader was lost on the way: look before you run it again.
            OperationalError: it was not committed.
        """
        self._open_number()
        await self._finish_transaction("COMMIT", self._usable_number)

    async def rollback(self) -> None:
        """Rolls the open transaction back, if any. On a broken connection that has happened already."""
        self._open_number()
        await self._finish_transaction("ROLLBACK", self._forget_loss)

    async def _finish_transaction(self, sql: str, check: Callable[[], object]) -> None:
        """Runs COMMIT or ROLLBACK, and begins the next transaction where one is always open; `check` comes first."""

        async def finish() -> None:
            check()
            if self._autocommit is True or self._broken:
                return
            always_one = self._autocommit is False
            if (
                always_one and sql == "COMMIT"
            ) or self._has_transaction():  # a COMMIT after the loss of one has to fail
                await self._run_to_the_end(self._control(sql))
            if always_one:
                await self._run_to_the_end(self._control("BEGIN"))

        await self._exclusively(finish)
