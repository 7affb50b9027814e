# SPDX-License-Identifier: Apache-2.0
"""What a call of a connection returns: `con(sql)`."""

from __future__ import annotations

from typing import Any, NoReturn


class Statement:
    """A statement that SQLite can compile; made by calling a connection. It has no use: `execute` takes texts."""

    __module__ = "dqlitepy"
    __slots__ = ("sql",)

    sql: str

    def __new__(cls, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("cannot create 'dqlitepy.Statement' instances")


def prepared(sql: str) -> Statement:
    """Returns the statement with this text."""
    statement: Statement = object.__new__(Statement)  # type: ignore[arg-type]  # mypy takes it for what __new__ returns
    statement.sql = sql
    return statement
