# SPDX-License-Identifier: Apache-2.0
"""Runs the operations of a connection, one at a time, while other tasks run. The twin of `_blocking.operations`."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple

from dqlitepy._connection.core import ConnectionCore
from dqlitepy._native.library import library
from dqlitepy._native.operations import Operation
from dqlitepy._native.poller import Poller
from dqlitepy.aio._turns import Turns
from dqlitepy.errors import ProgrammingError

_Args = TypeVarTuple("_Args")
_T = TypeVar("_T")


class _Closable(Protocol):
    async def close(self) -> None: ...


_C = TypeVar("_C", bound=_Closable)


class Result(Coroutine[Any, Any, _C], Generic[_C]):
    """A coroutine, to be awaited or made a task; by `async with`, which closes what it returns, it can be used too."""

    __slots__ = ("_coroutine", "_object")

    def __init__(self, coroutine: Coroutine[Any, Any, _C]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, None, _C]:
        """Returns the object."""
        return self._coroutine.__await__()

    def send(self, value: Any, /) -> Any:
        """Goes on; for event loops."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Goes on with an exception; for event loops."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Gives the coroutine up; for event loops."""
        self._coroutine.close()

    async def __aenter__(self) -> _C:
        """Returns the object."""
        self._object = await self._coroutine
        return self._object

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the object."""
        await self._object.close()


class Streaming(Protocol):
    """A cursor whose result has not been read to its end."""

    async def _spool(self) -> None: ...


class Looping(ConnectionCore):
    """A connection whose operations let other tasks run. The twin of `_blocking.operations.Blocking`."""

    _loop: asyncio.AbstractEventLoop
    _poller: Poller

    def _attach(self, poller: Poller) -> None:
        self._loop = asyncio.get_running_loop()
        self._poller = poller
        # Tasks that share the connection take turns, in order.
        self._turn = Turns()
        # One result streams at a time; weakly, so that a cursor which nobody needs any more goes.
        self._streaming: weakref.ref[Streaming] | None = None

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as far as this connection can know."""
        return self._has_transaction()

    def _open_number(self) -> int:
        library()  # a forked child is told so
        if self._handle is None:
            raise ProgrammingError("the connection is not open yet: await it, or use it by `async with`")
        if asyncio._get_running_loop() is not self._loop:
            self._refuse_loop()
        return self._handle.number or super()._open_number()  # which raises what a closed one is to raise

    def _refuse_loop(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if not self._loop.is_closed():
                return  # between two runs of the loop, or in another thread that only asks
            raise ProgrammingError("the event loop of this connection is closed") from None
        raise ProgrammingError(
            "this connection belongs to another event loop: connections cannot be shared, open one in each loop"
        )

    async def _exclusively(self, function: Callable[[*_Args], Awaitable[_T]], *args: *_Args) -> _T:
        """Awaits `function` when no other operation is under way on this connection."""
        turn = self._turn
        if not turn.take_at_once():
            await turn.take()
        try:
            return await function(*args)
        finally:
            turn.give_back()

    def _run(self, operation: Operation) -> Awaitable[None]:
        if self._unfinished or self._transaction_lost:
            self._settle()
        return self._poller.complete(operation, self._note_failure)
