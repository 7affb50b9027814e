# SPDX-License-Identifier: Apache-2.0
"""A session of the shell: its connection, its settings, and how it runs what it is given."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from time import perf_counter
from typing import Any, TextIO

import dqlitepy
from dqlitepy._cli.formats import FORMATS, Row
from dqlitepy._cli.target import Target
from dqlitepy._cli.terminal import Style

_FETCHED = 1000  # rows at a time
_CHANGES_ROWS = ("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


class Quit(Exception):
    """The user wants to leave."""


class Session:
    """What one shell knows and does."""

    def __init__(self, target: Target, *, mode: str, headers: bool, interactive: bool) -> None:
        self.target = target
        self.mode = mode
        self.headers = headers
        self.null = ""
        self.interactive = interactive
        self.timer = interactive
        self.reading: list[str] = []  # the files that are being read, each by the one before it
        self.once: TextIO | None = None
        self._output: TextIO | None = None
        self.con = target.connect()

    def close(self) -> None:
        """Ends the session; an open transaction is rolled back."""
        self.redirect(None)
        self.con.close()

    @property
    def out(self) -> TextIO:
        """Where results go."""
        return self.once or self._output or sys.stdout

    def redirect(self, file: str | None, *, once: bool = False) -> None:
        """Sends results to a file, those of the next command alone if `once`; None for stdout again."""
        self.end_once()
        if self._output and not once:
            self._output.close()
            self._output = None
        if file is not None:
            # It stays open beyond this function.
            stream = open(file, "w", encoding="utf-8")  # noqa: SIM115
            if once:
                self.once = stream
            else:
                self._output = stream

    def end_once(self) -> None:
        """Closes the file that only one command was to write to."""
        if self.once:
            self.once.close()
            self.once = None

    def query(self, sql: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """Returns all rows of a query that the shell itself has."""
        return self.con.execute(sql, tuple(parameters)).fetchall()

    def show(self, names: list[str], rows: Iterable[Row]) -> None:
        """Writes rows in the mode of the session."""
        null = self.null or ("NULL" if self.mode in ("table", "line") else "")
        FORMATS[self.mode](self.out, names, rows, self.headers, null)

    def run(self, sql: str) -> None:
        """Runs one statement and writes what it yields."""
        begun = perf_counter()
        with closing(self.con.execute(sql)) as cursor:  # Ctrl-C may leave it in the middle of its rows
            summary = self._write(cursor, sql)
        elapsed = f"{perf_counter() - begun:.3f} s"
        if self.interactive:
            print(Style(sys.stdout)(f"({summary}, {elapsed})" if self.timer else f"({summary})", "dim"))
        elif self.timer:
            print(f"({summary}, {elapsed})", file=sys.stderr)

    def _write(self, cursor: dqlitepy.Cursor, sql: str) -> str:
        """Prints a statement's rows; returns its status line."""
        if cursor.description is not None:
            counted = _Counted(cursor)
            self.show([column[0] for column in cursor.description], counted)
            return f"{counted.count} row{'' if counted.count == 1 else 's'}"
        if sql.split(maxsplit=1)[0].upper() in _CHANGES_ROWS:
            return f"{cursor.rowcount} row{'' if cursor.rowcount == 1 else 's'} changed"
        return "done"


class _Counted:
    """The rows of a cursor, counted on their way."""

    def __init__(self, cursor: dqlitepy.Cursor) -> None:
        self.count = 0
        self._cursor = cursor

    def __iter__(self) -> Iterator[Row]:
        while rows := self._cursor.fetchmany(_FETCHED):
            self.count += len(rows)
            yield from rows
