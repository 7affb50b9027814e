# SPDX-License-Identifier: Apache-2.0
"""encode/databases on dqlitepy: after `import dqlitepy.contrib.databases`, `Database("dqlite:///data")` is one.

`dqlite:///data` names the directory of an embedded node, relative to the current one, and `dqlite://host:port/name` a
database of a cluster. Options of `dqlitepy.aio.connect` are arguments of `Database`.
"""

from __future__ import annotations

from typing import Any

from databases import Database, DatabaseURL
from databases.backends.sqlite import SQLiteBackend

from dqlitepy import aio

Database.SUPPORTED_BACKENDS["dqlite"] = "dqlitepy.contrib.databases:DqliteBackend"


class _Opener:
    """Opens a connection for each task, as the backend of SQLite does."""

    _memref = None

    def __init__(self, database: str, options: dict[str, Any]) -> None:
        self._database = database
        self._options = options

    async def acquire(self) -> aio.Connection:
        return await aio.connect(self._database, isolation_level=None, **self._options)

    async def release(self, connection: aio.Connection) -> None:
        await connection.close()


class DqliteBackend(SQLiteBackend):
    """What `Database` uses for URLs that begin with `dqlite:`."""

    def __init__(self, database_url: DatabaseURL | str, **options: Any) -> None:
        """Takes the URL, and the options of `dqlitepy.aio.connect`."""
        url = DatabaseURL(database_url)
        super().__init__(f"sqlite:///{url.database}", **options)
        self._pool = _Opener(str(url) if url.hostname else url.database, options)
