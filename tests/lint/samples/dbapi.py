# SPDX-License-Identifier: Apache-2.0
"""What a type checker knows of the DB-API; read by mypy alone."""

from __future__ import annotations

import sqlite3
from typing import reveal_type

import dqlitepy

con = dqlitepy.connect("data")
reveal_type(con)  # dqlitepy.connection.Connection
cursor = con.execute("SELECT 1")
reveal_type(cursor)  # dqlitepy.cursor.Cursor
reveal_type(cursor.fetchall())  # list[Any]
reveal_type(cursor.rowcount)  # int
reveal_type(cursor.lastrowid)  # int | None
reveal_type(con.in_transaction)  # bool
with con as same:
    reveal_type(same)  # dqlitepy.connection.Connection
try:
    con.commit()
except dqlitepy.OperationalError as error:
    reveal_type(error.sqlite_errorcode)  # int
row = dqlitepy.Row(cursor, (1, 2))
reveal_type(row.keys())  # list[str]
reveal_type(row["name"])  # Any


class Mine(dqlitepy.Connection):
    """A factory."""


reveal_type(dqlitepy.connect("data", factory=Mine))  # tests.lint.samples.dbapi.Mine
reveal_type(con.autocommit)  # bool | Literal[-1]
reveal_type(con.getlimit(dqlitepy.SQLITE_LIMIT_LENGTH))  # int
dqlitepy.register_converter("date", lambda value: value.decode())
reveal_type(con.serialize())  # bytes
reveal_type(con.iterdump(filter="t%"))  # typing.Iterator[str]
con.backup("copy.db", pages=100, progress=lambda status, remaining, total: print(total - remaining))
con.backup(sqlite3.connect("copy.db"))
con.backup(dqlitepy.connect("other"))
con.restore("copy.db")
con.restore(sqlite3.connect("copy.db"), progress=print)
