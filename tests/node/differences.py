# SPDX-License-Identifier: Apache-2.0
"""One program on both modules, for the points of docs/differences-from-sqlite3.md."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dqlitepy

NOT_AUTHORIZED = ("DatabaseError", "not authorized")


class Both:
    """The same program on both modules, each with a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: list[Any] = []

    def connect(self, module: Any, **arguments: Any) -> Any:
        """Returns a connection to the module's database; all are closed when the test ends."""
        connection = module.connect(self.folder / module.__name__, **arguments)
        self.open.append(connection)
        return connection

    def run(self, program: Callable[[Any, Any], Any], **arguments: Any) -> tuple[Any, Any]:
        """Returns what `program(module, connection)` gives, or the class and message of what it raises, for each."""
        told: list[Any] = []
        for module in (sqlite3, dqlitepy):
            connection = self.connect(module, **arguments)
            connection.execute("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b)")
            try:
                told.append(program(module, connection))
            except Exception as error:
                told.append((type(error).__name__, str(error)))
        return told[0], told[1]

    def call(self, name: str, *arguments: Any) -> tuple[Any, Any]:
        """Returns what a method of the connection gives, or the class and message of what it raises, for each."""
        return self.run(lambda module, con: getattr(con, name)(*arguments))

    def sql(self, statement: str) -> tuple[Any, Any]:
        """Returns the rows of a statement, or the class and message of what it raises, for each."""
        return self.run(lambda module, con: con.execute(statement).fetchall())
