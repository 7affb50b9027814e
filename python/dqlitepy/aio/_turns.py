# SPDX-License-Identifier: Apache-2.0
"""Tasks that take turns, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress


class Turns:
    """A lock for one event loop that is free nearly always: then it is taken without a coroutine, unlike asyncio's."""

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take_at_once(self) -> bool:
        """Takes the turn where nobody has it; returns whether it did. Every turn ends by `give_back`."""
        if self._taken:
            return False
        self._taken = True
        return True

    async def take(self) -> None:
        """Waits for the turn and takes it."""
        if self.take_at_once():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back()  # it came just before the task was cancelled
            else:
                with suppress(ValueError):  # whoever gave the turn back has passed it over already
                    self._waiting.remove(turn)
            raise

    def give_back(self) -> None:
        """Ends the turn; it goes to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
