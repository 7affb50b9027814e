# SPDX-License-Identifier: Apache-2.0
"""What a cursor knows of its result, and gives out of it, without ever waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any, NoReturn, TypeAlias

from dqlitepy._connection.spool import Spool
from dqlitepy._native.formats import decode
from dqlitepy._native.operations import DML, MORE, ROWS, TEXT_AS_BYTES, Execute, Fetch
from dqlitepy._sql.converters import PARSE_COLNAMES, Converter, converters_of, without_type
from dqlitepy._sql.presentation import presenter
from dqlitepy.errors import Error, OperationalError, ProgrammingError

_Row: TypeAlias = tuple[Any, ...]
_Rows: TypeAlias = list[_Row]
Description: TypeAlias = tuple[tuple[str, None, None, None, None, None, None], ...]


class CursorCore:
    """The state of a cursor: the result of the last statement, and those of its rows that have arrived."""

    # What holds of a cursor that has run nothing; here, since `Connection.execute` makes one for each statement.
    _filled = False  # there is something of a last statement
    _arraysize = 1
    row_factory: Callable[..., Any] | None = None
    _closed = False
    _in_use = False  # code of the user runs inside one of our methods
    _lastrowid: int | None = None
    _titles: Sequence[str] = ()  # the names of the columns, as `description` has them
    _description: Description | None = None  # made when it is first asked for
    _rowcount = -1
    _position = 0  # of the next row in _rows
    _more = False  # the rest is still to be fetched
    _spooled: Spool | None = None  # blocks of rows that follow those in _rows
    _failure: Exception | None = None  # what the user gets after the last row that arrived
    _names: Sequence[str] = ()
    _converters: tuple[Converter | None, ...] | None = None
    _as_bytes = False  # texts in _rows are bytearray
    _rows: _Rows  # each class of cursors makes an empty list, as the user may get that very one

    @property
    def arraysize(self) -> int:
        """How many rows `fetchmany` fetches by default: 1 at first."""
        return self._arraysize

    @arraysize.setter
    def arraysize(self, size: int) -> None:
        self._arraysize = index(size)

    @property
    def description(self) -> Description | None:
        """The columns of the last statement as 7-tuples, of which only the name is known; None where it has none."""
        if self._description is None and self._titles:
            self._description = tuple([(title, None, None, None, None, None, None) for title in self._titles])
        return self._description

    @property
    def rowcount(self) -> int:
        """How many rows the last INSERT, UPDATE, DELETE or REPLACE changed; -1 for other statements."""
        return self._rowcount

    @property
    def lastrowid(self) -> int | None:
        """The rowid that the connection's last INSERT made, as of this cursor's last `execute`; None before that."""
        return self._lastrowid

    def _forget(self) -> None:
        self._filled = False
        self._titles = ()
        self._description = None
        self._rowcount = -1
        self._forget_rows()

    def _forget_rows(self) -> None:
        # What the statement did stays known: SQLAlchemy asks a closed cursor how many rows were changed.
        self._rows = []
        self._position = 0
        self._more = False
        self._failure = None
        self._names = ()
        self._converters = None
        self._as_bytes = False
        if self._spooled is not None:
            self._spooled.close()
            self._spooled = None

    def _accept(
        self, operation: Execute, detect_types: int, declared: Sequence[str | None], last_insert_id: int
    ) -> None:
        """Takes the result of a statement over."""
        self._filled = True
        self._lastrowid = last_insert_id
        flags = operation.result.flags
        if flags & DML:
            self._rowcount = operation.result.changes
        if flags & ROWS:
            names, self._rows = operation.values()
            self._names = self._titles = names
            if detect_types:
                self._converters = converters_of(names, declared, detect_types)
                if detect_types & PARSE_COLNAMES:
                    self._titles = [without_type(name) for name in names]
            self._as_bytes = operation.flags & TEXT_AS_BYTES != 0
            self._more = flags & MORE != 0

    def _accept_more(self, operation: Fetch) -> None:
        """Takes over the next rows, behind those that have not been given out yet."""
        self._append(operation.values())
        self._more = operation.more

    def _unspool(self) -> None:
        """Takes over the next rows from the spool, which has some."""
        assert self._spooled is not None
        self._append(decode(self._spooled.pop()))

    def _unspool_one(self) -> None:
        try:
            self._unspool()
        except OSError as error:
            self._lose(f"the temporary file that kept it cannot be read: {error}", error)

    def _keep(self, operation: Fetch) -> None:
        """Puts the next rows into the spool."""
        if self._spooled is None:
            self._spooled = Spool()
        try:
            self._spooled.append(operation.block())
        except OSError as error:
            self._lose(
                f"there is no room for it while another statement runs ({error}). Fetch all rows before, or let TMPDIR "
                "name a directory with room",
                error,
            )
        self._more = operation.more

    def _lose(self, reason: str, error: OSError) -> NoReturn:
        assert self._spooled is not None
        self._spooled.close()
        self._failure = OperationalError(f"the rest of this result was lost: {reason}")
        raise self._failure from error

    def _fail_fetching(self, error: BaseException) -> None:
        """Keeps the exception that ended fetching; the reader gets it after the last row."""
        self._more = False
        lost = OperationalError("the rest of this result was lost when fetching it was interrupted")
        self._failure = error if isinstance(error, Error) else lost

    def _append(self, rows: _Rows) -> None:
        if self._position == len(self._rows):
            self._rows, self._position = rows, 0
        else:
            self._rows.extend(rows)

    def _is_whole(self) -> bool:
        """Whether all rows of the result have arrived."""
        return not self._more and self._failure is None and not self._spooled

    def _take(self, count: int | None, text_factory: Callable[[bytes], Any]) -> list[Any]:
        """Gives out the next `count` rows that have arrived, None for all."""
        start = self._position
        end = len(self._rows) if count is None else min(start + count, len(self._rows))
        if start == 0 and end == len(self._rows):
            rows, self._rows, self._position = self._rows, [], 0
        else:
            rows = self._rows[start:end]
            self._position = end
        if self.row_factory is None and text_factory is str and not self._as_bytes:
            return rows
        present, factory = self._presenter(text_factory), self.row_factory
        given: list[Any] = []
        keep = given.append
        presented = 0
        try:
            if present is None:
                assert factory is not None
                for row in rows:
                    keep(factory(self, row))
            elif factory is None:
                for row in rows:
                    keep(present(row))
            else:
                for row in rows:
                    row = present(row)
                    presented += 1
                    keep(factory(self, row))
        except (
            BaseException
        ):  # as in sqlite3, a row stays where a converter failed, and is lost where a row factory did
            left = presented or len(given) + (present is None)
            self._rows[: self._position] = rows[left:]
            self._position = 0
            raise
        return given

    def _give_next(self, text_factory: Callable[[bytes], Any]) -> Any:
        """Returns the next row, which has arrived, as the user gets it."""
        row = self._rows[self._position]
        present = self._presenter(text_factory)
        if present is not None:
            row = present(row)
        self._position += 1
        return row if self.row_factory is None else self.row_factory(self, row)

    def _presenter(self, text_factory: Callable[[bytes], Any]) -> Callable[[_Row], _Row] | None:
        """Returns the function that makes the user's row of one that has arrived; None if they are the same."""
        present = presenter(self._names, self._converters, text_factory, as_bytes=self._as_bytes)
        if present is None or (self._converters is None and text_factory in (str, bytes)):
            return present

        def guarded(row: _Row) -> _Row:
            self._in_use = True  # code of the user's own runs
            try:
                return present(row)
            finally:
                self._in_use = False

        return guarded

    def _refuse_recursion(self) -> None:
        if self._in_use:
            raise ProgrammingError("Recursive use of cursors not allowed.")
