# SPDX-License-Identifier: Apache-2.0
"""Pony on dqlitepy: `db.bind(provider=DqliteProvider, filename="data/")`.

`upper()` and `lower()` change ASCII letters alone. What Pony does by functions in Python fails, because SQL runs on the
cluster's leader: slices of strings, arrays, and queries into JSON.
"""

from __future__ import annotations

from typing import Any

from pony.orm.dbproviders.sqlite import SQLiteBuilder, SQLitePool, SQLiteProvider
from pony.orm.sqlbuilding import make_unary_func

import dqlitepy


class DqlitePool(SQLitePool):
    """Keeps one connection for each thread."""

    def _connect(self) -> None:
        self.con = dqlitepy.connect(self.filename, isolation_level=None, **self.kwargs)
        self.con.execute("PRAGMA case_sensitive_like = true")


class DqliteBuilder(SQLiteBuilder):
    """Makes SQL that needs no functions in Python, as far as there are others."""

    PY_UPPER = make_unary_func("upper")
    PY_LOWER = make_unary_func("lower")

    def RANDOM(self) -> str:
        """Returns SQL for a number from 0 to 1."""
        return "(random() / 18446744073709551616.0 + 0.5)"


class DqliteProvider(SQLiteProvider):
    """A provider for `Database.bind`; its `filename` and other arguments are those of `dqlitepy.connect`."""

    dbapi_module = dqlitepy
    sqlbuilder_cls = DqliteBuilder
    server_version = dqlitepy.sqlite_version_info

    def get_pool(
        self, is_shared_memory_db: bool, filename: Any, create_db: bool = True, **arguments: Any
    ) -> DqlitePool:
        """Returns the pool of a database.

        Raises:
            NotSupportedError: ":sharedmemory:" was named.
        """
        if is_shared_memory_db:
            raise dqlitepy.NotSupportedError("':sharedmemory:' is not supported: ':memory:' is shared by all threads")
        return DqlitePool(False, filename, create_db, **arguments)
