# SPDX-License-Identifier: Apache-2.0
"""Plays the steps of `script_steps` on a connection of either module, and tells what a program would see of each."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.node.script_statements import RESET, SCHEMA, SETTINGS
from tests.node.script_steps import Step


class Seen(NamedTuple):
    """What a program sees of a step."""

    result: Any  # None where it failed
    error: tuple[Any, ...]  # class, message, code and name; empty where it did not fail
    in_transaction: bool
    isolation_level: str | None
    cursors: tuple[Any, ...]  # of each its description, rowcount, arraysize and lastrowid; empty where it is closed

    @property
    def refused_parameters(self) -> bool:
        """Whether it failed for its parameters, before any SQL ran."""
        return (
            bool(self.error)
            and self.error[2] is None
            and (
                self.error[0] in ("OverflowError", "UnicodeEncodeError", "BufferError", "LookupError")
                or re.search("binding|parameters are of unsupported type", self.error[1]) is not None
            )
        )

    def without_lastrowid(self) -> Seen:
        return self._replace(cursors=tuple(cursor[:-1] for cursor in self.cursors))


class Fault(Exception):
    """What a program's own code raises."""


def fail(*arguments: Any) -> Any:
    raise Fault(str(len(arguments)))


class Player:
    """A connection and two cursors of one module."""

    def __init__(self, module: Any, con: Any) -> None:
        self.module = module
        self.con = con
        self.factories = {
            "Row": module.Row,
            "dict": lambda cursor, row: dict(zip([column[0] for column in cursor.description], row, strict=True)),
            "failing": fail,
            "str": str,
            "bytes": bytes,
            "bytearray": bytearray,
            "upper": lambda text: text.decode().upper(),
        }

    def begin(self, autocommit: bool | None) -> None:
        """Makes the schema anew; `autocommit` is None where transactions are controlled by `isolation_level`."""
        con = self.con
        self.cursors: list[Any] = []  # half-fetched results hold locks in sqlite3
        if hasattr(con, "autocommit"):
            con.autocommit = self.module.LEGACY_TRANSACTION_CONTROL
        con.rollback()
        con.isolation_level = None
        con.row_factory = None
        con.text_factory = str
        con.executescript(
            f"{SETTINGS} BEGIN; {RESET} {SCHEMA} DELETE FROM sqlite_sequence; COMMIT; PRAGMA foreign_keys = ON"
        )
        con.isolation_level = ""
        self.cursors = [con.cursor(), con.cursor()]
        self.closed: set[Any] = set()  # their rowcount differs once they have refused a statement
        if autocommit is not None:
            con.autocommit = autocommit

    def play(self, step: Step) -> Seen:
        """Returns what a step gives or raises, and what can be seen of the connection and its cursors afterwards."""
        name, *arguments = step
        told: Any = None
        failure: tuple[Any, ...] = ()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                told = getattr(self, name.replace(" ", "_"))(*arguments)
        except Exception as error:
            code = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlite_errorname", None)
            failure = type(error).__name__, str(error).replace("dqlitepy", "sqlite3"), *code
        con = self.con
        return Seen(told, failure, con.in_transaction, con.isolation_level, tuple(map(self.state, self.cursors)))

    def state(self, cursor: Any) -> tuple[Any, ...]:
        if cursor in self.closed:
            return ()
        return cursor.description, cursor.rowcount, cursor.arraysize, cursor.lastrowid

    def told(self, rows: Any) -> Any:
        """Returns rows so that 1, 1.0 and True differ, and NaN equals itself."""
        if isinstance(rows, list):
            return [self.told(row) for row in rows]
        if isinstance(rows, self.module.Row):
            return "Row", rows.keys(), repr(tuple(rows))
        return repr(rows)

    def execute(self, cursor: int, sql: str, parameters: Any) -> Any:
        result = self.cursors[cursor].execute(sql, parameters)
        return result is self.cursors[cursor]

    def returning(self, cursor: int, sql: str, parameters: Any) -> Any:
        """Fetches to the end at once, which is when sqlite3 knows what became of it: see "returning-rowcount"."""
        self.con.text_factory = str
        self.cursors[cursor] = self.con.cursor()
        self.cursors[cursor].row_factory = None
        try:
            return self.told(self.cursors[cursor].execute(sql, parameters).fetchall())
        except Exception:
            self.cursors[cursor] = self.con.cursor()
            raise

    def change_schema(self, sql: str) -> Any:
        """Ends half-fetched results first, which hold locks in sqlite3."""
        self.cursors = [self.con.cursor(), self.con.cursor()]
        return self.told(self.con.execute(sql).fetchall())

    def executemany(self, cursor: int, sql: str, rows: list[Any], kind: str) -> Any:
        def iterator() -> Iterator[Any]:
            yield from rows
            if kind == "raising":
                fail()

        self.cursors[cursor].executemany(sql, rows if kind == "list" else iterator())

    def executescript(self, cursor: int, script: str) -> Any:
        self.cursors = [self.con.cursor(), self.con.cursor()]
        return self.told(self.cursors[cursor].executescript(script).fetchall())

    def fetchone(self, cursor: int) -> Any:
        return self.told(self.cursors[cursor].fetchone())

    def fetchall(self, cursor: int) -> Any:
        return self.told(self.cursors[cursor].fetchall())

    def fetchmany(self, cursor: int, *size: int) -> Any:
        return self.told(self.cursors[cursor].fetchmany(*size))

    def next(self, cursor: int) -> Any:
        return self.told(next(self.cursors[cursor]))

    def commit(self) -> None:
        self.con.commit()

    def rollback(self) -> None:
        self.con.rollback()

    def with_all(self) -> None:
        with self.con as con:
            con.execute("INSERT INTO t (b) VALUES ('with')")

    def with_that_fails(self) -> None:
        with self.con as con:
            con.execute("INSERT INTO t (b) VALUES ('with')")
            fail()

    def set(self, name: str, value: Any) -> Any:
        setattr(self.con, name, self.factories.get(value, value))

    def set_cursor(self, cursor: int, name: str, value: Any) -> Any:
        setattr(self.cursors[cursor], name, self.factories.get(value, value))

    def new_cursor(self, cursor: int) -> None:
        self.cursors[cursor] = self.con.cursor()

    def close_cursor(self, cursor: int) -> None:
        self.cursors[cursor].close()
        self.closed.add(self.cursors[cursor])
