# SPDX-License-Identifier: Apache-2.0
"""`Connection.restore`: everything in a SQLite database, into an empty one of dqlite: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from time import monotonic
from typing import Any, TypeAlias

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._copying.emptying import drop_everything
from dqlitepy._copying.restore_pieces import ONE_TRANSACTION, Pieces, begin, drop_leftovers, tell_size
from dqlitepy._quoting import quote_name
from dqlitepy._result_codes import SQLITE_DONE, SQLITE_ERROR, SQLITE_OK
from dqlitepy.cursor import Cursor
from dqlitepy.errors import AmbiguousCommitError, DataError, LeadershipLostError, NotSupportedError, OperationalError

# Runs one SELECT or PRAGMA on the source.
Read: TypeAlias = Callable[[str], Iterator[tuple[Any, ...]]]
# Called with SQLite's status (0, or 101 when it is done), how many rows are still to come, and how many there are.
Progress: TypeAlias = Callable[[int, int, int], object]

# Type, name and definition of each.
_Objects: TypeAlias = list[tuple[Any, ...]]

_ROWS_BETWEEN_CALLS = 1000
_BYTES_BETWEEN_CALLS = 4 << 20
_ROWID_NAMES = ("rowid", "_rowid_", "oid")
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
_INSERT_VIRTUAL = (
    "INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', :name, :name, 0, :sql)"
)
# Tables of SQLite's own, which no CREATE TABLE may make.
_SEQUENCE, _STATISTICS = "sqlite_sequence", "sqlite_stat1"


def restore(read: Read, target: SyncConnection, progress: Progress | None, *, replace: bool) -> None:
    """Copies all objects and rows; see `Connection.restore`.

    Args:
        read: reads the source as of one moment.
        target: a connection of this call's own, in no transaction; closing it rolls back what is not finished.
        progress: called after each thousand rows and, with 101, when all is committed.
        replace: whether the old content goes in the same transaction; the new one cannot come in pieces then.
    """
    objects = list(read(_SCHEMA))
    ((pages,),), ((page_size,),) = read("PRAGMA page_count"), read("PRAGMA page_size")
    copy = _Rows(read, target, progress)
    _begin(target, replace=replace)
    try:
        if pages * page_size > ONE_TRANSACTION and not replace:
            copy.pieces = _hidden(target, objects)
        _copy(read, target, copy, objects)
        target._run_control("COMMIT")
    except BaseException as error:
        if isinstance(error, AmbiguousCommitError | LeadershipLostError):
            tell_size(error, *copy.under_way())
        if copy.pieces is not None:
            copy.pieces.discard()
            copy.pieces.explain(error)
        raise
    if progress is not None:
        progress(SQLITE_DONE, 0, copy.total)


def _begin(target: SyncConnection, *, replace: bool) -> None:
    begin(target)
    drop_leftovers(target)
    if replace:
        drop_everything(target)
    if Cursor(target).execute(_SCHEMA).fetchone() is not None:
        raise OperationalError(
            "the target is not empty, and nothing is overwritten: "
            "restore into a new directory, or into another name= of this one, or with replace=True"
        )


def _hidden(target: SyncConnection, objects: _Objects) -> Pieces | None:
    """Makes tables that are filled piece by piece; None where they cannot be hidden."""
    ordinary = [name for kind, name, sql in objects if kind == "table" and not _is_virtual(sql)]
    for wanted in ("table", "index"):
        for kind, name, sql in objects:
            if kind == wanted and sql is not None and (kind == "index" or name in ordinary):
                _make(target, kind, name, sql)
    pieces = Pieces(target)
    try:
        pieces.hide(ordinary)
    except OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != SQLITE_ERROR:
            raise
        target._run_control("ROLLBACK")
        _begin(target, replace=False)
        return None
    return pieces


def _is_virtual(sql: str) -> bool:
    return sql.upper().startswith("CREATE VIRTUAL")


def _copy(read: Read, target: SyncConnection, copy: _Rows, objects: _Objects) -> None:
    """Copies everything, and leaves a transaction open that shows it."""
    virtual = [(name, sql) for kind, name, sql in objects if kind == "table" and _is_virtual(sql)]
    ordinary = [(name, sql) for kind, name, sql in objects if kind == "table" and not _is_virtual(sql)]
    own = [name for (name,) in read("SELECT name FROM sqlite_schema") if name in (_SEQUENCE, _STATISTICS)]
    copy.count([name for name, _ in ordinary] + own)
    for name, sql in ordinary:
        if copy.pieces is None:
            _make(target, "table", name, sql)
        copy.table(name)
    if copy.pieces is not None:
        copy.pieces.finish()
    for wanted in ("index", "view", "trigger"):
        for kind, name, sql in objects:
            if kind == wanted and sql is not None and (kind != "index" or copy.pieces is None):
                _make(target, kind, name, sql)
    if _STATISTICS in own:
        target._run_control("ANALYZE sqlite_schema")  # which makes the table
    made = {name for (name,) in Cursor(target).execute("SELECT name FROM sqlite_schema")}
    for name in own:
        if name in made:  # SQLite keeps sqlite_sequence when the last table that counts there is dropped
            target._run_control(f"DELETE FROM {name}")
            copy.table(name)
    _make_virtual(target, virtual)
    for pragma in ("user_version", "application_id"):
        ((value,),) = read(f"PRAGMA {pragma}")
        target._run_control(f"PRAGMA {pragma} = {value}")


def _make(target: SyncConnection, kind: str, name: str, sql: str) -> None:
    try:
        target._run_control(sql)
    except OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != SQLITE_ERROR:
            raise
        raise _cannot_make(kind, name, error) from error


def _cannot_make(kind: str, name: str, error: OperationalError) -> NotSupportedError:
    """The error for a function, a collation or a module that only the source's program has."""
    return NotSupportedError(f"the {kind} {name!r} cannot be restored: {error}. Drop it in a copy of the source first")


def _make_virtual(target: SyncConnection, tables: list[tuple[str, str]]) -> None:
    """Makes virtual tables over the tables of theirs that were copied already, as VACUUM does."""
    if not tables:
        return
    target._run_control("PRAGMA writable_schema = ON")
    for name, sql in tables:
        Cursor(target).execute(_INSERT_VIRTUAL, {"name": name, "sql": sql})
    target._run_control("PRAGMA writable_schema = RESET")
    for name, _ in tables:
        try:
            Cursor(target).execute(f"SELECT 1 FROM {quote_name(name)} LIMIT 0")
        except OperationalError as error:
            raise _cannot_make("virtual table", name, error) from error


class _Rows:
    """Copies the rows of tables and reports the progress."""

    def __init__(self, read: Read, target: SyncConnection, progress: Progress | None) -> None:
        self._read = read
        self._target = target
        self._progress = progress
        self._done = 0
        self.total = 0
        self.pieces: Pieces | None = None  # where not all goes into the open transaction
        self._size = 0  # of what was copied, in bytes
        self._began = monotonic()

    def under_way(self) -> tuple[int, float]:
        """Returns what went into the transaction that is open, in bytes, and when it began."""
        return (self._size, self._began) if self.pieces is None else (self.pieces.size, self.pieces.began)

    def count(self, tables: list[str]) -> None:
        """Finds out how much there is to do, where that is asked for."""
        if self._progress is not None:
            for name in tables:
                ((rows,),) = self._read(f"SELECT count(*) FROM {quote_name(name)}")
                self.total += rows

    def table(self, name: str) -> None:
        """Copies one table."""
        columns = self._columns(name)
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        rows = self._rows(name, names)
        target = name if self.pieces is None else self.pieces.hidden(name)
        insert = f"INSERT INTO {quote_name(target)} ({names}) VALUES ({places})"
        cursor = Cursor(self._target)
        before = -1
        while self._done != before:
            before, size = self._done, self._size
            if self.pieces is not None:
                self.pieces.go_on()
            cursor.executemany(insert, self._batch(rows))
            if self.pieces is not None:
                self.pieces.went(self._size - size)
            if self._progress is not None and self._done != before:
                self._progress(SQLITE_OK, self.total - self._done, self.total)

    def _batch(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Yields as many rows as go between two calls, fewer where they are large."""
        most = self._size + _BYTES_BETWEEN_CALLS
        for row in islice(rows, _ROWS_BETWEEN_CALLS):
            yield row
            if self._size >= most:
                return

    def _rows(self, name: str, columns: str) -> Iterator[tuple[Any, ...]]:
        for number, row in enumerate(self._read(f"SELECT {columns} FROM {quote_name(name)}"), 1):
            for value in row:
                self._size += len(value) if isinstance(value, str | bytes) else 8
                if type(value) is str and "\0" in value:
                    raise DataError(
                        f"row {number} of the table {name!r} has a text with a NUL character inside, where dqlite's "
                        "protocol would end it: make it a blob in the source first"
                    )
            self._done += 1
            yield row

    def _columns(self, name: str) -> list[str]:
        """Returns the columns that are stored, the rowid among them: others may refer to it."""
        every = list(self._read(f"PRAGMA table_xinfo({quote_name(name)})"))
        stored = [quote_name(column) for _, column, *_, hidden in every if hidden == 0]
        taken = {column.lower() for _, column, *_ in every}
        rowid = next((alias for alias in _ROWID_NAMES if alias not in taken), None)
        if rowid is None or not self._has(name, rowid):
            return stored
        return [rowid, *stored]

    def _has(self, name: str, rowid: str) -> bool:
        try:
            list(self._read(f"SELECT {rowid} FROM {quote_name(name)} LIMIT 0"))
        except OperationalError:
            return False  # WITHOUT ROWID
        return True
