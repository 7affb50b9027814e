# SPDX-License-Identifier: Apache-2.0
"""`Connection.iterdump`: the text of the statements that make a database again, line for line as `sqlite3` has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dqlitepy._operations import Execute
from dqlitepy._sync import SyncConnection
from dqlitepy.cursor import Cursor

_OBJECTS = "SELECT name, type, sql FROM sqlite_schema WHERE sql NOT NULL AND type {} {}"
# SQLite's quote() ends a text at its first NUL; these are the only values that need another form.
_QUOTE_NUL = "'CAST(X''' || hex(CAST({0} AS BLOB)) || ''' AS TEXT)'"
_QUOTE = f"CASE WHEN typeof({{0}}) = 'text' AND instr({{0}}, char(0)) THEN {_QUOTE_NUL} ELSE quote({{0}}) END"


class _PlainCursor(Cursor):
    """Gives out rows as they are, whatever factories and converters its connection has."""

    def _accept(
        self, operation: Execute, detect_types: int, declared: Sequence[str | None], last_insert_id: int
    ) -> None:
        super()._accept(operation, 0, (), last_insert_id)

    def _take(self, count: int | None, text_factory: Callable[[bytes], Any]) -> list[Any]:
        return super()._take(count, str)

    def _given(self, row: tuple[Any, ...], text_factory: Callable[[bytes], Any]) -> Any:
        return super()._given(row, str)


def iterdump(connection: SyncConnection, filter: str | None) -> Iterator[str]:
    """Yields the statements, each with its semicolon.

    Args:
        connection: what to read; all is as of one moment only if it is in a transaction.
        filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump, None for all.
    """

    def select(sql: str, parameters: Any = ()) -> Cursor:
        return _PlainCursor(connection).execute(sql, parameters)

    named, patterns = ("AND name LIKE ?", (filter,)) if filter else ("", ())
    if select("PRAGMA foreign_key_check").fetchall():
        yield "PRAGMA foreign_keys=OFF;"
    yield "BEGIN TRANSACTION;"
    sequences: list[str] = []
    writable_schema = False
    for name, _, sql in select(_OBJECTS.format("= 'table'", named) + " ORDER BY name", patterns).fetchall():
        if name == "sqlite_sequence":
            rows = select("SELECT name, seq FROM sqlite_sequence").fetchall()
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
        columns = [quote_name(column) for _, column, *_ in select(f"PRAGMA table_info({table})").fetchall()]
        values = " || ',' || ".join(_QUOTE.format(column) for column in columns)
        for (line,) in select(f"SELECT {quote_text(f'INSERT INTO {table} VALUES(')} || {values} || ');' FROM {table}"):
            yield line
    for _, _, sql in select(_OBJECTS.format("IN ('index', 'trigger', 'view')", named), patterns).fetchall():
        yield f"{sql};"
    if writable_schema:
        yield "PRAGMA writable_schema=OFF;"
    yield from sequences
    yield "COMMIT;"


def quote_name(name: str) -> str:
    """Returns `name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Returns `text` as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"
