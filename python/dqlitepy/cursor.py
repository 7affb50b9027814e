# SPDX-License-Identifier: Apache-2.0
"""`Cursor`: runs statements and gives out their rows."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from operator import index
from typing import Any, NoReturn, Self, SupportsIndex, cast

from dqlitepy._blocking import SyncConnection
from dqlitepy._connection.cursor_core import CursorCore
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL
from dqlitepy._native.operations import Discard, Execute, Fetch
from dqlitepy._sql.scripts import statements
from dqlitepy.errors import Error, ProgrammingError


class _NoConnection:
    """Stands in for the connection of a cursor whose class did not call our `__init__`."""

    def _number(self) -> NoReturn:
        raise ProgrammingError("Base Cursor.__init__ not called.")


class Cursor(CursorCore):
    """Made by `Connection.cursor`. Iterate over it, or fetch, to get the rows of the last statement."""

    _connection: SyncConnection = cast(SyncConnection, _NoConnection())

    def __init__(self, connection: SyncConnection, /) -> None:
        """Makes a cursor of `connection`.

        Raises:
            TypeError: it is no Connection.
        """
        if not issubclass(type(connection), SyncConnection):
            raise TypeError(f"Cursor() argument 1 must be dqlitepy.Connection, not {type(connection).__name__}")
        if self._in_use:
            self._refuse_recursion()
        super().__init__()
        self._connection = connection

    @property
    def connection(self) -> SyncConnection:
        """The connection that the cursor belongs to."""
        return self._connection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """Runs one statement.

        Args:
            sql: the statement, with `?`, `?1` or `:name` where parameters go.
            parameters: a sequence, or for names a mapping.

        Raises:
            ProgrammingError: the parameters do not fit the statement, or cannot be bound.
            OperationalError, IntegrityError, …: the statement failed.
        """
        connection = self._checked()
        self._forget()
        self._in_use = True  # adapters run
        try:
            operation = connection._execution(sql, parameters)
        finally:
            self._in_use = False
        connection._exclusively(self._run, operation)
        return self

    def executemany(self, sql: str, rows: Iterable[Any], /) -> Self:
        """Runs one statement that yields no rows once for each item of `rows`; `rowcount` is the sum.

        Where one fails, those before it have run, as in `sqlite3`; inside a transaction they can be rolled back.

        Raises:
            ProgrammingError: the parameters do not fit the statement, or the statement yields rows.
            OperationalError, IntegrityError, …: the statement failed for one of them.
        """
        connection = self._checked()
        encoded = connection._encoded(sql, "executemany")
        self._forget()
        changes = 0
        self._in_use = True  # whatever makes the rows runs
        try:
            for batch in connection._batches(sql, rows):
                operation = connection._repetition(encoded, batch)
                connection._exclusively(connection._run_to_the_end, operation)
                changes += operation.result.changes
        finally:
            self._in_use = False
        self._rowcount = changes
        return self

    def executescript(self, script: str, /) -> Self:
        """Runs the statements of `script` one after the other.

        Where `autocommit` is LEGACY_TRANSACTION_CONTROL, an open transaction is committed before.

        Raises:
            DataError: the script is longer than the limit SQLITE_LIMIT_SQL_LENGTH.
            OperationalError, IntegrityError, …: a statement failed; those before it have run.
        """
        connection = self._checked()
        connection._check_script(script)
        if connection._autocommit == LEGACY_TRANSACTION_CONTROL:
            connection._end_transaction("COMMIT")
        for statement in statements(script):
            connection._run_control(statement)
        return self

    def fetchone(self) -> Any:
        """Returns the next row, None after the last."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Returns the next `size` (default: `arraysize`) rows, fewer at the end; all for a negative one."""
        connection = self._checked()
        wanted = index(self.arraysize if size is None else size)
        count = None if wanted < 0 else wanted
        self._await_rows(count)
        return self._take(count, connection.text_factory)

    def fetchall(self) -> list[Any]:
        """Returns all rows that are left."""
        connection = self._checked()
        if not self._is_whole():
            self._await_rows(None)
        return self._take(None, connection.text_factory)

    def __iter__(self) -> Iterator[Any]:
        """Returns itself."""
        return self

    def __next__(self) -> Any:
        """Returns the next row."""
        text_factory = self._checked().text_factory
        if self._position == len(self._rows):
            self._await_rows(1)
            if self._position == len(self._rows):
                raise StopIteration
        if self.row_factory is not None or text_factory is not str or self._as_bytes:
            return self._give_next(text_factory)
        row = self._rows[self._position]
        self._position += 1
        return row

    def close(self) -> None:
        """Drops what is left of the result. The cursor cannot be used again."""
        connection = self._connection
        connection._number()
        self._refuse_recursion()
        self._closed = True
        if self._more:
            connection._exclusively(self._discard)
        self._forget_rows()

    def setinputsizes(self, sizes: Any, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def setoutputsize(self, size: Any, column: Any = None, /) -> None:
        """Does nothing; PEP 249 asks for it."""

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Raises TypeError: a cursor belongs to its connection."""
        raise TypeError(f"cannot pickle {type(self).__module__}.{type(self).__qualname__!r} object")

    def _checked(self) -> SyncConnection:
        self._connection._number()
        if self._closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        if self._in_use:
            self._refuse_recursion()
        return self._connection

    def _run(self, operation: Execute) -> None:
        connection = self._connection
        if connection._trace_callback is not None:
            connection._trace(operation)
        if connection._streaming is not None:
            connection._make_room(self)
        declared = connection._declared_types(operation) if connection._detect_types else ()
        try:
            connection._run(operation)
            connection._count(operation)
            self._accept(operation, connection._detect_types, declared, connection._last_insert_id)
        finally:
            operation.dispose()
        if self._more:
            connection._streaming = weakref.ref(self)

    def _await_rows(self, count: int | None) -> None:
        """Fetches until `count` rows (None: all) can be given out or the result ends."""
        while (self._spooled or self._more) and (count is None or len(self._rows) - self._position < count):
            if self._spooled:
                self._unspool_one()
            else:
                self._connection._exclusively(self._fetch)
        if self._failure is not None and (count is None or len(self._rows) - self._position < count):
            raise self._failure

    def _fetch(self) -> None:
        if not self._more:  # another thread has spooled it meanwhile
            return
        self._fetch_and(self._accept_more)

    def _fetch_and(self, accept: Callable[[Fetch], None]) -> None:
        connection = self._connection
        try:
            operation = Fetch(connection._usable_number())
            try:
                connection._run(operation)
                accept(operation)
            finally:
                operation.dispose()
        except BaseException as error:
            self._fail_fetching(error)
            raise

    def _spool(self) -> None:
        """Reads the result to its end, because another statement is about to run on the connection."""
        with suppress(Error):  # whoever reads the rows to their end gets it
            while self._more:
                self._fetch_and(self._keep)

    def _discard(self) -> None:
        if self._more:
            self._more = False
            self._connection._run(Discard(self._connection._usable_number()))
