# SPDX-License-Identifier: Apache-2.0
"""`Cursor`: runs statements and gives out their rows."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, NoReturn, Self, SupportsIndex, cast

from dqlitepy._blocking.fetching import Fetching
from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._connection.transactions import LEGACY_TRANSACTION_CONTROL
from dqlitepy._native.library import library
from dqlitepy._sql.scripts import statements
from dqlitepy._sql.statements import nulls
from dqlitepy.errors import ProgrammingError


class _NoConnection:
    """Stands in for the connection of a cursor whose class did not call our `__init__`."""

    def _open_number(self) -> NoReturn:
        raise ProgrammingError("Base Cursor.__init__ not called.")


class Cursor(Fetching):
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
        self._rows = []
        self._connection = connection

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
        if self._filled:
            self._forget()
        self._in_use = True  # adapters run
        try:
            operation = connection._execution(sql, parameters)
        finally:
            self._in_use = False
        library()  # from here as `_exclusively` does it, without two calls
        with connection._turn:
            if connection._busy:
                connection._refuse_recursion()
            connection._busy = True
            try:
                if connection._trace_callback is not None:
                    connection._trace(operation)
                if connection._streaming is not None:
                    connection._finish_streaming(self)
                declared = connection._declared_types(operation) if connection._detect_types else ()
                try:
                    connection._run(operation)
                    connection._count(operation)
                    self._accept(operation, connection._detect_types, declared, connection._last_insert_id)
                finally:
                    if operation.result.data:
                        operation.dispose()
                if self._more:
                    connection._streaming = weakref.ref(self)
            finally:
                connection._busy = False
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
        self._filled = True
        return self

    def executescript(self, script: str, /) -> Self:
        """Runs the statements of `script` one after the other. Their parameters are NULL, as in `sqlite3`.

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
            connection._run_control(statement, nulls(statement))
        return self

    def close(self) -> None:
        """Drops what is left of the result. The cursor cannot be used again."""
        connection = self._connection
        connection._open_number()
        self._refuse_recursion()
        self._closed = True
        if self._more:
            connection._exclusively(self._discard)
        self._forget_rows()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Raises TypeError: a cursor belongs to its connection."""
        raise TypeError(f"cannot pickle {type(self).__module__}.{type(self).__qualname__!r} object")
