# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy.aio` in the shape of aiosqlite, for libraries that import aiosqlite by themselves.

Where a library lets its user name the module, name this one. Elsewhere call `install` before the library is imported.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import dqlitepy
from dqlitepy import aio
from dqlitepy.aio import (
    Cursor,
    DatabaseError,
    Error,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    Row,
    Warning,
    paramstyle,
    register_adapter,
    register_converter,
)

__all__ = [
    "Connection",
    "ConnectionClosed",
    "Cursor",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "Row",
    "Warning",
    "connect",
    "install",
    "paramstyle",
    "register_adapter",
    "register_converter",
    "sqlite_version",
    "sqlite_version_info",
]

sqlite_version = dqlitepy.sqlite_version
sqlite_version_info = dqlitepy.sqlite_version_info

core = cursor = sys.modules[__name__]  # aiosqlite.core.Connection and aiosqlite.cursor.Cursor are used in annotations


class ConnectionClosed(ProgrammingError, ValueError):
    """The connection is not open: a ValueError, as aiosqlite has it, and a ProgrammingError, as sqlite3."""


class Connection(aio.Connection):
    """A connection of `dqlitepy.aio` that has what libraries use of aiosqlite's insides."""

    def __init__(self, database: Any, *, iter_chunk_size: int = 64, loop: object = None, **arguments: Any) -> None:
        """Takes the arguments of `dqlitepy.aio.connect`; what is no path of Python's is one by its `str()`.

        Args:
            database: a directory, a `dqlite://` URL, a Node, or anything whose text is one of the first two.
            iter_chunk_size: has no effect, as rows come in batches.
            loop: has no effect, as in aiosqlite.
            **arguments: the others of `dqlitepy.aio.connect`.
        """
        if not isinstance(database, str | bytes | os.PathLike) and not hasattr(database, "address"):
            database = str(database)
        super().__init__(database, iter_chunk_size=iter_chunk_size, **arguments)

    @property
    def _conn(self) -> Connection:
        """This connection, on which libraries set `row_factory` and the like.

        Raises:
            ConnectionClosed: it is not open.
        """
        if self._handle is None or not self._handle.number:
            raise ConnectionClosed("no active connection")
        return self

    def _open_number(self) -> int:
        if self._handle is None or not self._handle.number:
            raise ConnectionClosed("Connection closed")
        return super()._open_number()


def connect(database: Any, *, iter_chunk_size: int = 64, loop: object = None, **arguments: Any) -> Connection:
    """Returns a connection, for `await` or `async with`; see `Connection`."""
    return Connection(database, iter_chunk_size=iter_chunk_size, loop=loop, **arguments)


def install() -> None:
    """Makes `import aiosqlite` mean this module in the whole process, from now on.

    Raises:
        ImportError: aiosqlite is imported already, so that somebody may use it.
    """
    if sys.modules.get("aiosqlite", core) is not core:
        raise ImportError("aiosqlite is imported already: call install() before anything imports it")
    for name in ("aiosqlite", "aiosqlite.core", "aiosqlite.cursor"):
        sys.modules[name] = core
