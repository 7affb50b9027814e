# SPDX-License-Identifier: Apache-2.0
"""Waits for native operations in an event loop, without threads: one descriptor tells which of them can go on."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from contextlib import suppress

from dqlitepy._native.abi import Count, ErrorStruct, HandleNumber, HandleNumbers, Int32, Status, byref
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.library import forked, library
from dqlitepy._native.operations import Operation
from dqlitepy._native.waiting import DRAIN_SECONDS, OK, PENDING


class Poller:
    """The operations that are under way on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        number, descriptor, error = HandleNumber(), Int32(), ErrorStruct()
        if library().dqlitepy_poller_open(number, descriptor, error) != Status.OK:
            raise exception_of(error)
        self._number = number
        self._descriptor = descriptor.value
        self._waiting: dict[int, tuple[Operation, asyncio.Future[int]]] = {}
        self._attached: set[int] = set()  # handles that are open
        self._ready = HandleNumbers()
        self._count = Count()
        # Made here, as the call that takes them is not declared; see `_native.abi.UNDECLARED`.
        self._take = (number, byref(self._ready), len(self._ready), byref(self._count), byref(ErrorStruct()))
        # A loop that is closed first leaves its descriptor to this.
        self._finalizer = weakref.finalize(loop, _close, number.value)
        self._finalizer.atexit = False
        loop.add_reader(self._descriptor, self._go_on)

    async def complete(
        self, operation: Operation, failed: Callable[[Operation, BaseException], None] | None = None
    ) -> None:
        """Begins an operation of an attached handle and waits for its end; other tasks run meanwhile.

        Where the task is cancelled, the operation is too, and given DRAIN_SECONDS to end; then CancelledError goes on.
        `operation.ended` tells whether it did.

        Args:
            operation: begins with this.
            failed: is called with whatever is raised.

        Raises:
            dqlitepy.Error: the operation failed.
        """
        try:
            status = operation.begin(library(), 0)
            if status == PENDING:
                end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self._waiting[operation.handle] = operation, end
                try:
                    status = await end
                except BaseException as reason:
                    await self._abandon(operation, end, reason)
                    raise
            operation.ended = True
            if status != OK:
                raise exception_of(operation.error)
        except BaseException as error:
            if failed is not None:
                failed(operation, error)
            raise

    async def open(self, opening: Operation) -> None:
        """Runs an operation that makes a handle, and attaches that. Call `forget` when the handle is closed.

        Raises:
            dqlitepy.Error: it failed; there is no handle.
        """
        native = library()
        status = opening.begin(native, 0)
        handle = opening.handle
        if status in (OK, PENDING):
            self.attach(handle)
        try:
            if status == PENDING:
                end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self._waiting[handle] = opening, end
                try:
                    status = await end
                except BaseException as reason:
                    await self._abandon(opening, end, reason)
                    raise
            opening.ended = True
            if status != OK:
                raise exception_of(opening.error)
        except BaseException:
            self._attached.discard(handle)
            raise

    def attach(self, handle: int) -> None:
        """Watches the handle's operations from now on, instead of the loop that did before; until `forget`.

        Raises:
            dqlitepy.Error: the handle or the poller is closed.
        """
        error = ErrorStruct()
        if library().dqlitepy_attach(handle, self._number, error) != Status.OK:
            raise exception_of(error)
        self._attached.add(handle)

    def forget(self, handle: int) -> None:
        """Takes note that a handle is closed; from any thread."""
        self._attached.discard(handle)

    def close_if_idle(self) -> None:
        """Closes the poller, on its loop's thread, where no handle is open any more."""
        if self._attached or self._waiting or not self._finalizer.alive:
            return
        loop = asyncio.get_running_loop()
        _pollers.pop(loop, None)
        loop.remove_reader(self._descriptor)
        self._finalizer()

    def _go_on(self) -> None:
        if forked():  # a child that runs its parent's loop
            asyncio.get_running_loop().remove_reader(self._descriptor)
            return
        native = library()
        native.dqlitepy_poller_take(*self._take)
        for handle in self._ready[: self._count.value]:
            waiting = self._waiting.get(handle)
            if waiting is None or waiting[1].done():
                continue
            operation, end = waiting
            status = operation.resume(native, 0)
            if status != PENDING:
                del self._waiting[handle]
                end.set_result(status)

    async def _abandon(self, operation: Operation, end: asyncio.Future[int], reason: BaseException) -> None:
        """Cancels an operation whose task was cancelled, and waits for its end."""
        operation.dispose()  # it may have just ended
        if end.done() and not end.cancelled():
            operation.ended = True
            return
        library().dqlitepy_cancel(operation.handle, ErrorStruct())
        try:
            if isinstance(reason, asyncio.CancelledError):
                await self._drain(operation)
        finally:
            self._waiting.pop(operation.handle, None)

    async def _drain(self, operation: Operation) -> None:
        """Waits for a cancelled operation. Further cancellations change nothing: it ends soon, by the one before."""
        # It may have been named in the moment when nobody waited for it any more.
        if operation.resume(library(), 0) != PENDING:
            operation.ended = True
            return
        end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[operation.handle] = operation, end
        patience = asyncio.get_running_loop().call_later(DRAIN_SECONDS, end.cancel)
        while not end.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([end])
        patience.cancel()
        operation.ended = not end.cancelled()


_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Poller] = weakref.WeakKeyDictionary()


def poller() -> Poller:
    """Returns the poller of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _pollers.get(loop)
    if found is None:
        found = _pollers[loop] = Poller(loop)
    return found


def _close(number: int) -> None:
    if not forked():
        library().dqlitepy_poller_close(number)
