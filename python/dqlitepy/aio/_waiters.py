# SPDX-License-Identifier: Apache-2.0
"""Tasks that wait for a connection of a pool. The twin of `_blocking.waiters`."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from dqlitepy._connection.pool_core import Pooled, WaiterCore

_C = TypeVar("_C", bound=Pooled)


class Waiter(WaiterCore[_C]):
    """A task that waits."""

    def __init__(self) -> None:
        super().__init__()
        self._woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(self, timeout: float) -> bool:
        """Waits until the pool grants or refuses; returns whether it did in time."""
        try:
            async with asyncio.timeout(timeout):
                await self._woken
        except TimeoutError:
            return False
        return True

    def _wake(self) -> None:
        if not self._woken.done():  # its task was cancelled or came too late, and does not know yet
            self._woken.set_result(None)
