# SPDX-License-Identifier: Apache-2.0
"""A SQLite database to read from: a file, or a copy of what a `sqlite3.Connection` holds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from dqlitepy._copying.source_check import check_format, check_sound
from dqlitepy._result_codes import SQLITE_BUSY, SQLITE_LOCKED
from dqlitepy.errors import DatabaseError, Error, OperationalError, with_code

if TYPE_CHECKING:
    import sqlite3

# How long another connection may keep the source locked.
_PATIENCE_SECONDS = 5.0


# Runs one SELECT or PRAGMA.
_Read: TypeAlias = Callable[[str], Iterator[tuple[Any, ...]]]


@contextmanager
def reading_file(path: str) -> Iterator[_Read]:
    """Yields a function that runs a SELECT or PRAGMA on a SQLite file, all as of one moment; nothing is written to it.

    Raises:
        OperationalError: the file cannot be opened or read.
        DatabaseError: it is no SQLite database, or damaged.
    """
    if os.path.isdir(path):
        raise OperationalError(f"{path} is a directory, not a SQLite file; to copy a database of dqlite, connect to it")
    if os.path.exists(path) and not os.path.isfile(path):  # SQLite would wait for ever for what writes to a pipe
        raise OperationalError(f"{path} is not a regular file, so it cannot be a SQLite database")
    with _reading(path, path, foreign=True) as read:
        yield read


@contextmanager
def _reading(path: str, called: str, *, foreign: bool) -> Iterator[_Read]:
    """Yields a function that reads a file.

    Args:
        path: of the file.
        called: what errors call it.
        foreign: whether it may be no database at all.
    """
    import _sqlite3 as sqlite3

    def read(sql: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from chain(source.execute(sql))  # or its end would close the cursor, perhaps after the source
        except sqlite3.Error as error:
            raise _ours(called, error) from error

    try:
        # With an empty authority, so that a path of two slashes is not taken for one.
        uri = f"file://{quote(os.fsencode(os.path.abspath(path)))}?mode=ro"
        source = sqlite3.connect(uri, uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise _ours(called, error) from error
    with closing(source):
        if foreign:
            check_format(path, called)
        list(read("BEGIN"))
        check_sound(source, called)
        yield read


@contextmanager
def reading_connection(source: sqlite3.Connection) -> Iterator[_Read]:
    """Yields what runs a SELECT or PRAGMA on a copy of what `source` holds: its own settings would change the values.

    Raises:
        OperationalError: it has a transaction open that writes, or is locked.
    """
    import _sqlite3 as sqlite3

    began = monotonic()

    def watch(status: int, remaining: int, total: int) -> None:
        # sqlite3 would wait for ever.
        if status in (SQLITE_BUSY, SQLITE_LOCKED) and (
            source.in_transaction or monotonic() - began > _PATIENCE_SECONDS
        ):
            reason = "it has a transaction open: commit it or roll it back first" if source.in_transaction else "locked"
            raise OperationalError(f"the source cannot be read: {reason}")

    with tempfile.TemporaryDirectory(prefix="dqlitepy-") as folder:
        path = os.path.join(folder, "copy")
        with closing(sqlite3.connect(path)) as copy:
            try:
                source.backup(copy, progress=watch, sleep=0.01)
            except sqlite3.Error as error:
                raise _ours("the source", error) from error
        with _reading(path, "the source", foreign=False) as read:
            yield read


@contextmanager
def reading_bytes(data: bytes | bytearray | memoryview) -> Iterator[_Read]:
    """Yields a function that runs a SELECT or PRAGMA on the bytes of a SQLite file."""
    with tempfile.TemporaryDirectory(prefix="dqlitepy-") as folder:
        path = os.path.join(folder, "copy")
        with open(path, "wb") as file:
            file.write(data)
        with _reading(path, "what was given as bytes", foreign=True) as read:
            yield read


def _ours(called: str, error: sqlite3.Error) -> Error:
    import _sqlite3 as sqlite3

    kind = OperationalError if isinstance(error, sqlite3.OperationalError) else DatabaseError
    exception = kind(f"{called} cannot be read: {error}")
    code = getattr(error, "sqlite_errorcode", None)
    return exception if code is None else with_code(exception, code)
