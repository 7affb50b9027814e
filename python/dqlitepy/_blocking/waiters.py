# SPDX-License-Identifier: Apache-2.0
"""Threads that wait for a connection of a pool. The twin of `aio._waiters`."""

from __future__ import annotations

import threading
from typing import TypeVar

from dqlitepy._connection.pool_core import Pooled, WaiterCore

_C = TypeVar("_C", bound=Pooled)


class Waiter(WaiterCore[_C]):
    """A thread that waits."""

    def __init__(self) -> None:
        super().__init__()
        self._woken = threading.Event()

    def wait(self, timeout: float) -> bool:
        """Waits until the pool grants or refuses; returns whether it did in time."""
        return self._woken.wait(min(timeout, threading.TIMEOUT_MAX))

    def _wake(self) -> None:
        self._woken.set()
