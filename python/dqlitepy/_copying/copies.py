# SPDX-License-Identifier: Apache-2.0
"""The methods of a connection that copy whole databases; the modules that do it load when they are first needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from operator import index
from typing import TYPE_CHECKING

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._cluster.target import StrOrBytesPath
from dqlitepy._control import TransactionControl
from dqlitepy._native.abi import ConnectOptions
from dqlitepy._native.handle import Handle
from dqlitepy._native.operations import Connect
from dqlitepy._result_codes import SQLITE_BUSY, SQLITE_READONLY
from dqlitepy.cursor import Cursor
from dqlitepy.errors import NotSupportedError, OperationalError, with_code

if TYPE_CHECKING:
    import sqlite3

    from dqlitepy._copying.backup import Progress
    from dqlitepy._copying.restore import Read


class CopyingConnection(TransactionControl):
    """A connection that knows how to copy its database."""

    _options: ConnectOptions  # what it was opened with

    def iterdump(self, *, filter: str | None = None) -> Iterator[str]:
        """Returns an iterator over the SQL statements that make the database again, in `sqlite3` or in dqlitepy.

        They show one moment: the open transaction's view, where there is one, otherwise what is committed when the
        first statement is asked for. Only the statement at hand is in memory.

        Args:
            filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump; None for all.
        """
        from dqlitepy._copying.dump_lines import dump_lines

        self._open_number()
        if self._exclusively(self._has_transaction):
            return dump_lines(self, filter)
        return self._dump_of_what_is_committed(filter)

    def backup(
        self,
        target: sqlite3.Connection | CopyingConnection | StrOrBytesPath,
        *,
        pages: int = -1,
        progress: Progress | None = None,
        name: str = "main",
        sleep: float = 0.250,
    ) -> None:
        """Copies the database as it is committed when the copy begins; others go on writing meanwhile.

        Args:
            target: a `sqlite3.Connection`, whose database is replaced; another connection of dqlitepy, whose database
                must be empty; or the path of a SQLite file to make, of mode 0600, which must not exist and is there
                whole or not at all.
            pages: how many pages to copy between two calls of `progress`; -1 for all.
            progress: called with SQLite's status (0, or 101 at the end), the pages still to come and the pages in all;
                for a connection of dqlitepy as the target these are rows. Where it raises, the copy ends.
            name: must be "main".
            sleep: seconds to wait before another attempt where a `sqlite3.Connection` finds its own database locked.

        Raises:
            OperationalError: this connection has a transaction open, the file exists, or source or target failed.
            NotSupportedError: the database is too large for dqlite's protocol, or `name` is "temp".
            TypeError, ValueError: an argument cannot be right.
        """
        from dqlitepy._copying import backup

        pages = index(pages)
        if target is self:
            raise ValueError("target cannot be the same connection instance")
        if progress is not None and not callable(progress):
            raise TypeError("progress argument must be a callable")
        sleep = float(sleep)
        self._check_copyable(name, "backup")
        if isinstance(target, CopyingConnection):
            target.restore(self, progress=progress)
        elif isinstance(target, str | bytes | os.PathLike):
            backup.copy_to_file(self._options, _file(target), pages, progress)
        elif _is_of_sqlite3(target):
            backup.copy_to_sqlite(self._options, target, pages, progress, sleep)
        else:
            raise _wrong_type("backup() argument 'target'", target)

    def serialize(self, *, name: str = "main") -> bytes:
        """Returns the bytes of a SQLite file with what is committed; `sqlite3.Connection.deserialize` opens them.

        Raises:
            OperationalError: this connection has a transaction open, or the copy broke off.
            NotSupportedError: the database is too large for dqlite's protocol, or `name` is "temp".
        """
        from dqlitepy._copying.backup import copy_to_bytes

        self._check_copyable(name, "serialize")
        return copy_to_bytes(self._options)

    def restore(
        self,
        source: sqlite3.Connection | CopyingConnection | StrOrBytesPath,
        *,
        progress: Progress | None = None,
        replace: bool = False,
    ) -> None:
        """Copies everything from `source` into this connection's database: others see all of it or nothing.

        Tables with their rowids, indexes, views, triggers, virtual tables whose module is there (FTS, R-Tree), what
        AUTOINCREMENT has counted, ANALYZE's statistics, user_version and application_id come along. Constraints and
        foreign keys are not checked again. Up to 16 MiB go in one transaction, which is in the leader's memory until
        it is committed. More goes in pieces, into tables with names that begin with `_dqlitepy_restore_`: what a
        restore that was killed has left of them, the next one drops.

        Args:
            source: a `sqlite3.Connection`, another connection of dqlitepy, or the path of a SQLite file, which is only
                read.
            progress: called after each thousand rows with 0, the rows still to come and the rows in all, and when all
                is committed with 101, 0 and the rows in all. Where it raises before that, nothing is restored.
            replace: whether what the database holds now is dropped in the same transaction, which then has everything,
                however large that is: others see the old content or the new one. Otherwise it must be empty.

        Raises:
            OperationalError: this database is not empty, without `replace`; this connection or the source has a
                transaction open, or the source cannot be read.
            DatabaseError: the source is no SQLite database, or damaged: it is checked before anything is written.
            DataError: the source holds a text with a NUL character inside, which dqlite's protocol cannot carry.
            NotSupportedError: it has a virtual table of a module that dqlite's SQLite has not.
            AmbiguousCommitError: the connection was lost during the commit: look before you repeat it.
        """
        from dqlitepy._copying import sqlite_source

        if source is self:
            raise ValueError("source cannot be the same connection instance")
        if isinstance(source, CopyingConnection):
            source._check_copyable("main", "restore")
            with source._sibling() as sibling:
                sibling._run_control("BEGIN")
                self._restore(lambda sql: Cursor(sibling).execute(sql), progress, replace=replace)
        elif isinstance(source, str | bytes | os.PathLike):
            with sqlite_source.reading_file(_file(source)) as read:
                self._restore(read, progress, replace=replace)
        elif _is_of_sqlite3(source):
            with sqlite_source.reading_connection(source) as read:
                self._restore(read, progress, replace=replace)
        else:
            raise _wrong_type("restore() argument 'source'", source)

    def deserialize(self, data: bytes | bytearray | memoryview, /, *, name: str = "main") -> None:
        """Copies everything from the bytes of a SQLite file, as `serialize` returns them, into this empty database.

        Raises:
            OperationalError, DatabaseError, …: as `restore`; a database that is not empty is not overwritten.
        """
        from dqlitepy._copying.sqlite_source import reading_bytes

        self._check_copyable(name, "deserialize")
        with reading_bytes(data) as read:
            self._restore(read, None, replace=False)

    def _restore(self, read: Read, progress: Progress | None, *, replace: bool) -> None:
        from dqlitepy._copying.restore import restore

        if progress is not None and not callable(progress):
            raise TypeError("progress argument must be a callable")
        self._check_copyable("main", "restore")
        if self._autocommit is not False and self._exclusively(self._has_transaction):
            raise _open_transaction("restore")
        if self._exclusively(self._ask, "PRAGMA query_only") != [(0,)]:  # which holds for this connection alone
            raise with_code(OperationalError("attempt to write a readonly database"), SQLITE_READONLY)
        with self._sibling() as sibling:
            restore(read, sibling, progress, replace=replace)
        if self._autocommit is False:
            self.rollback()  # so that its next transaction, which is open already, sees what was restored

    def _check_copyable(self, name: str, caller: str) -> None:
        self._usable_number()
        if not isinstance(name, str):
            raise TypeError(f"{caller}() argument 'name' must be str, not {type(name).__name__}")
        if name.lower() == "temp":
            raise NotSupportedError(
                f"{caller}() of temporary tables is not supported: only what is replicated is copied"
            )
        if name.lower() != "main":
            raise OperationalError(f"unknown database {name}")
        if self._exclusively(self._has_transaction) and self._may_have_written():
            raise _open_transaction(caller)

    def _may_have_written(self) -> bool:
        """Whether this transaction or another one has the database's write lock: SQLite does not say which one."""
        try:
            with self._sibling(patient=False) as sibling:
                sibling._run_control("BEGIN IMMEDIATE")
        except OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) == SQLITE_BUSY:
                return True
            raise
        return False

    def _dump_of_what_is_committed(self, filter: str | None) -> Iterator[str]:
        from dqlitepy._copying.dump_lines import dump_lines

        with self._sibling() as sibling:
            sibling._run_control("BEGIN")
            yield from dump_lines(sibling, filter)

    @contextmanager
    def _sibling(self, *, patient: bool = True) -> Iterator[SyncConnection]:
        """Yields another connection to the same database, with none of this one's settings and no transaction.

        Args:
            patient: whether it waits for locks as long as this one.
        """
        self._usable_number()
        sibling = SyncConnection()
        options = ConnectOptions.from_buffer_copy(self._options)  # what it points to stays ours
        if not patient:
            options.busy_timeout_ms = 0
        handle = Handle.open(Connect(options))
        sibling._initialize(handle, isolation_level=None, check_same_thread=False, cached_statements=0)
        try:
            yield sibling
        finally:
            handle.close()


def _open_transaction(caller: str) -> OperationalError:
    return OperationalError(
        f"{caller}() works on what is committed, and the connection has a transaction open: "
        "commit it or roll it back first"
    )


def _is_of_sqlite3(connection: object) -> bool:
    import _sqlite3 as sqlite3

    return isinstance(connection, sqlite3.Connection)


def _wrong_type(argument: str, value: object) -> TypeError:
    expected = "sqlite3.Connection, dqlitepy.Connection or the path of a file"
    return TypeError(f"{argument} must be {expected}, not {type(value).__name__}")


def _file(path: StrOrBytesPath) -> str:
    """Returns a path as str; ValueError for what SQLite takes for something else than a file."""
    decoded = os.fsdecode(path)
    if decoded in ("", ":memory:") or "\0" in decoded:
        raise ValueError(f"{decoded!r} names no file: give a path, or a connection made by sqlite3.connect()")
    return decoded
