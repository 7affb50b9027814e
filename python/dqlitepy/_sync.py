# SPDX-License-Identifier: Apache-2.0
"""Runs the operations of a connection, one at a time, and waits for each."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from dqlitepy._core import ConnectionCore
from dqlitepy._handle import Handle
from dqlitepy._library import library
from dqlitepy._operations import Execute, Fetch, Operation
from dqlitepy._wait import run
from dqlitepy.errors import ProgrammingError

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Streaming(Protocol):
    """A cursor whose result has not been read to its end."""

    def _spool(self) -> None: ...


class SyncConnection(ConnectionCore):
    """A connection whose operations block the calling thread."""

    def _initialize(
        self, handle: Handle, isolation_level: str | None, check_same_thread: bool, cached_statements: int
    ) -> None:
        # Threads that share the connection take turns. The one inside finds it busy only in a signal handler.
        self._turn = threading.RLock()
        self._busy = False
        # One result streams at a time; weakly, so that a cursor which nobody needs any more goes.
        self._streaming: weakref.ref[Streaming] | None = None
        super()._initialize(handle, isolation_level, check_same_thread, cached_statements)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as far as this connection can know."""
        self._number()
        return self._exclusively(self._has_transaction)

    def _exclusively(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Calls `function` when no other operation is under way on this connection."""
        library()  # before the lock, which a forked child may find held for ever
        with self._turn:
            if self._busy:
                raise ProgrammingError(
                    "Recursive use of a connection: a statement is running on it in this very thread. "
                    "Give signal handlers a connection of their own"
                )
            self._busy = True
            try:
                return function(*args, **kwargs)
            finally:
                self._busy = False

    def _run(self, operation: Operation) -> None:
        try:
            run(operation)
        except BaseException:
            self._broken = self._broken or operation.broke_handle
            raise

    def _run_control(self, sql: str) -> None:
        self._exclusively(self._run_to_the_end, self._control(sql))

    def _end_transaction(self, sql: str) -> None:
        """Runs COMMIT or ROLLBACK if a transaction is open."""

        def end() -> None:
            if self._has_transaction():
                self._run_to_the_end(self._control(sql))

        self._exclusively(end)

    def _run_to_the_end(self, operation: Execute) -> None:
        """Runs a statement and drops its rows, but only once all have come: it may write while it yields them."""
        self._make_room(None)
        number = operation.handle
        statement: Execute | Fetch = operation
        while True:
            try:
                self._run(statement)
            except BaseException:
                self._count(operation)  # an executemany that fails has run the rows before
                raise
            finally:
                statement.dispose()
            if not statement.more:
                break
            statement = Fetch(number)
        self._count(operation)

    def _make_room(self, successor: Streaming | None) -> None:
        """Reads the result that still streams to its end, as the next statement would drop it."""
        streaming, self._streaming = self._streaming, None
        cursor = streaming() if streaming else None
        if cursor is not None and cursor is not successor:
            cursor._spool()
