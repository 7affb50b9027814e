# SPDX-License-Identifier: Apache-2.0
"""Runs the operations of a connection, one at a time, and blocks the thread. The twin of `aio._looping`."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import NoReturn, Protocol, TypeVar, TypeVarTuple

from dqlitepy._connection.core import ConnectionCore
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL, Autocommit
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import library
from dqlitepy._native.operations import Operation
from dqlitepy._native.waiting import complete
from dqlitepy.errors import ProgrammingError

_Args = TypeVarTuple("_Args")
_T = TypeVar("_T")


class Streaming(Protocol):
    """A cursor whose result has not been read to its end."""

    def _spool(self) -> None: ...


class Blocking(ConnectionCore):
    """A connection whose operations block the calling thread."""

    def _initialize(
        self,
        handle: Handle,
        isolation_level: str | None,
        check_same_thread: bool,
        cached_statements: int,
        autocommit: Autocommit = LEGACY_TRANSACTION_CONTROL,
        detect_types: int = 0,
    ) -> None:
        # Threads that share the connection take turns. The one inside finds it busy only in a signal handler.
        self._turn = threading.RLock()
        self._busy = False
        # One result streams at a time; weakly, so that a cursor which nobody needs any more goes.
        self._streaming: weakref.ref[Streaming] | None = None
        super()._initialize(handle, isolation_level, check_same_thread, cached_statements, autocommit, detect_types)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as far as this connection can know."""
        self._open_number()
        return self._exclusively(self._has_transaction)

    def _exclusively(self, function: Callable[[*_Args], _T], *args: *_Args) -> _T:
        """Calls `function` when no other operation is under way on this connection."""
        library()  # before the lock, which a forked child may find held for ever
        with self._turn:
            if self._busy:
                self._refuse_recursion()
            self._busy = True
            try:
                return function(*args)
            finally:
                self._busy = False

    def _refuse_recursion(self) -> NoReturn:
        raise ProgrammingError(
            "Recursive use of a connection: a statement is running on it in this very thread. "
            "Give signal handlers a connection of their own"
        )

    def _run(self, operation: Operation) -> None:
        if self._unfinished or self._transaction_lost:
            self._settle()
        try:
            complete(operation)
        except BaseException as error:
            self._note_failure(operation, error)
            raise
