# SPDX-License-Identifier: Apache-2.0
"""Runs the operations of a connection, one at a time, and waits for each."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, TypeVarTuple

from dqlitepy._connection.core import ConnectionCore
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL, Autocommit
from dqlitepy._native.formats import Parameters
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import library
from dqlitepy._native.operations import Execute, Fetch, Operation
from dqlitepy._native.waiting import run
from dqlitepy._sql.converters import PARSE_DECLTYPES
from dqlitepy._sql.declared_types import DEFINITIONS, VERSION, DeclaredTypes
from dqlitepy.errors import ProgrammingError

_Args = TypeVarTuple("_Args")
_T = TypeVar("_T")


class Streaming(Protocol):
    """A cursor whose result has not been read to its end."""

    def _spool(self) -> None: ...


class SyncConnection(ConnectionCore):
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
        self._number()
        return self._exclusively(self._has_transaction)

    def _exclusively(self, function: Callable[[*_Args], _T], *args: *_Args) -> _T:
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
                return function(*args)
            finally:
                self._busy = False

    def _run(self, operation: Operation) -> None:
        if self._unfinished or self._lost_in_silence:
            self._settle()
        try:
            run(operation)
        except BaseException as error:
            self._note_failure(operation, error)
            raise

    def _run_control(self, sql: str) -> None:
        self._exclusively(self._run_to_the_end, self._control(sql))

    def _end_transaction(self, sql: str) -> None:
        """Runs COMMIT or ROLLBACK if a transaction is open."""

        def end() -> None:
            if self._has_transaction():
                self._run_to_the_end(self._control(sql))

        self._exclusively(end)

    def _begin_transaction(self) -> None:
        """Begins a transaction if none is open."""

        def begin() -> None:
            if not self._has_transaction():
                self._run_to_the_end(self._control("BEGIN"))

        self._exclusively(begin)

    def _run_to_the_end(self, operation: Execute) -> None:
        """Runs a statement, as often as it is to run, and drops its rows once all have come: it may write meanwhile."""
        self._trace(operation)
        self._make_room(None)
        try:
            for statement in self._parts(operation):
                statement.dispose()
        finally:
            self._count(operation)  # an executemany that fails has run the rows before

    def _ask(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Returns the rows of a question of our own."""
        self._make_room(None)
        operation = self._control(sql, parameters)
        rows: list[tuple[Any, ...]] = []
        for statement in self._parts(operation):
            if operation.yields_rows:
                values = statement.values()
                rows += values[1] if statement is operation else values
        return rows

    def _parts(self, operation: Execute) -> Iterator[Execute | Fetch]:
        """Runs a statement to its end, part by part."""
        statement: Execute | Fetch = operation
        while True:
            try:
                self._run(statement)
                yield statement
            finally:
                statement.dispose()
            if not statement.more:
                return
            statement = Fetch(operation.number)

    def _declared_types(self, operation: Execute) -> Sequence[str | None]:
        """Returns the declared types of the columns that a statement is about to yield, if they are wanted."""
        sql = operation.sql.decode()
        if not self._detect_types & PARSE_DECLTYPES or not self._statement(sql).yields_rows:
            return ()
        version = self._ask(VERSION)
        if self._declared is None or self._declared.version != version:
            self._declared = DeclaredTypes(version, self._ask(DEFINITIONS))
        return self._declared.of(sql)

    def _make_room(self, successor: Streaming | None) -> None:
        """Reads the result that still streams to its end, as the next statement would drop it."""
        streaming, self._streaming = self._streaming, None
        cursor = streaming() if streaming else None
        if cursor is not None and cursor is not successor:
            cursor._spool()
