# SPDX-License-Identifier: Apache-2.0
"""A database of peewee on dqlitepy: `DqliteDatabase` takes the place of `peewee.SqliteDatabase`.

Parts of dates are computed in SQL. What peewee does by functions in Python fails, because SQL runs on the cluster's
leader: `JSONField.contains`, and the functions that a program registers.
"""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import peewee

import dqlitepy

# What peewee's own functions know, in SQLite's words.
_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}
_TRUNCATED = {
    "year": "%Y-01-01 00:00:00",
    "month": "%Y-%m-01 00:00:00",
    "day": "%Y-%m-%d 00:00:00",
    "hour": "%Y-%m-%d %H:00:00",
    "minute": "%Y-%m-%d %H:%M:00",
    "second": "%Y-%m-%d %H:%M:%S",
}

# As peewee does with sqlite3.
for _type in (decimal.Decimal, datetime.date, datetime.time, datetime.datetime):
    dqlitepy.register_adapter(_type, str)


class DqliteDatabase(peewee.SqliteDatabase):
    """A database in a directory, on a Node or at a `dqlite://` URL, with the methods of `peewee.SqliteDatabase`.

    Transactions begin with BEGIN IMMEDIATE, so that no write in one fails for what others have committed meanwhile.
    """

    server_version = dqlitepy.sqlite_version_info

    def __init__(self, database: Any, pragmas: Any = None, *, lock_type: str = "IMMEDIATE", **arguments: Any) -> None:
        """Takes what `peewee.SqliteDatabase` takes, and the arguments of `dqlitepy.connect`.

        Args:
            database: the first argument of `dqlitepy.connect`; None if `init` is to name it.
            pragmas: a mapping, or pairs, of PRAGMAs to set on each connection.
            lock_type: what follows BEGIN.
            **arguments: `timeout`, and what else `dqlitepy.connect` takes.
        """
        super().__init__(database, pragmas, lock_type=lock_type, **arguments)
        self._functions.clear()  # peewee's own, in Python

    def _connect(self) -> dqlitepy.Connection:
        con: dqlitepy.Connection = dqlitepy.connect(
            self.database, timeout=self._timeout, isolation_level=None, **self.connect_params
        )
        try:
            self._add_conn_hooks(con)
        except BaseException:
            con.close()
            raise
        return con

    def extract_date(self, date_part: str, date_field: Any) -> Any:
        """Returns SQL for a part of a date or time, as a number."""
        return peewee.fn.strftime(_PARTS[date_part], date_field).cast("INTEGER")

    def truncate_date(self, date_part: str, date_field: Any) -> Any:
        """Returns SQL for a date or time of which only the parts down to `date_part` are left."""
        return peewee.fn.strftime(_TRUNCATED[date_part], date_field, python_value=peewee.simple_date_time)
