# SPDX-License-Identifier: Apache-2.0
"""`Connection.iterdump`: the text of the statements that make a database again, line for line as `sqlite3` has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from dqlitepy._sync import SyncConnection
from dqlitepy.cursor import Cursor

_T = TypeVar("_T")

_ROWS_AT_A_TIME = 1000
_OBJECTS = "SELECT name, type, sql FROM sqlite_schema WHERE sql NOT NULL AND type {} {}"
# SQLite's quote() ends a text at its first NUL; these are the only values that need another form.
_QUOTE_NUL = "'CAST(X''' || hex(CAST({0} AS BLOB)) || ''' AS TEXT)'"
_QUOTE = f"CASE WHEN typeof({{0}}) = 'text' AND instr({{0}}, char(0)) THEN {_QUOTE_NUL} ELSE quote({{0}}) END"


def iterdump(connection: SyncConnection, filter: str | None) -> Iterator[str]:
    """Yields the statements, each with its semicolon.

    Args:
        connection: what to read; all is as of one moment only if it is in a transaction.
        filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump, None for all.
    """

    def select(sql: str, parameters: Any = ()) -> Iterator[tuple[Any, ...]]:
        cursor = Cursor(connection)  # not the connection's: that would have its row factory
        _as_it_is(connection, lambda: cursor.execute(sql, parameters))
        while rows := _as_it_is(connection, lambda: cursor.fetchmany(_ROWS_AT_A_TIME)):
            yield from rows

    named, patterns = ("AND name LIKE ?", (filter,)) if filter else ("", ())
    if list(select("PRAGMA foreign_key_check")):
        yield "PRAGMA foreign_keys=OFF;"
    yield "BEGIN TRANSACTION;"
    sequences: list[str] = []
    writable_schema = False
    for name, _, sql in list(select(_OBJECTS.format("= 'table'", named) + " ORDER BY name", patterns)):
        if name == "sqlite_sequence":
            rows = list(select("SELECT name, seq FROM sqlite_sequence"))
            sequences.append('DELETE FROM "sqlite_sequence";')
            sequences += [f'INSERT INTO "sqlite_sequence" VALUES({quote_text(table)},{seq});' for table, seq in rows]
            continue
        if name == "sqlite_stat1":
            yield 'ANALYZE "sqlite_master";'
        elif name.startswith("sqlite_"):
            continue
        elif sql.startswith("CREATE VIRTUAL TABLE"):
            if not writable_schema:
                writable_schema = True
                yield "PRAGMA writable_schema=ON;"
            yield (
                "INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql)"
                f"VALUES('table',{quote_text(name)},{quote_text(name)},0,{quote_text(sql)});"
            )
            continue  # its rows are those of other tables, and it cannot be written to before the schema is read again
        else:
            yield f"{sql};"
        table = quote_name(name)
        columns = [quote_name(column) for _, column, *_ in select(f"PRAGMA table_info({table})")]
        values = " || ',' || ".join(_QUOTE.format(column) for column in columns)
        for (line,) in select(f"SELECT {quote_text(f'INSERT INTO {table} VALUES(')} || {values} || ');' FROM {table}"):
            yield line
    for _, _, sql in list(select(_OBJECTS.format("IN ('index', 'trigger', 'view')", named), patterns)):
        yield f"{sql};"
    if writable_schema:
        yield "PRAGMA writable_schema=OFF;"
    yield from sequences
    yield "COMMIT;"


def _as_it_is(connection: SyncConnection, function: Callable[[], _T]) -> _T:
    """Calls a function while texts are str and nothing is converted, whatever the connection is set to."""
    settings = connection.text_factory, connection._detect_types
    connection.text_factory, connection._detect_types = str, 0
    try:
        return function()
    finally:
        connection.text_factory, connection._detect_types = settings


def quote_name(name: str) -> str:
    """Returns `name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Returns `text` as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"
