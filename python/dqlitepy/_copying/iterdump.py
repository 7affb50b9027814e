# SPDX-License-Identifier: Apache-2.0
"""`Connection.iterdump`: the text of the statements that make a database again, line for line as `sqlite3` has it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._native.operations import Execute
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

    def _give_next(self, text_factory: Callable[[bytes], Any]) -> Any:
        return super()._give_next(str)


class Ask(NamedTuple):
    """A step of a dump: to run a SELECT or PRAGMA and send all its rows back."""

    sql: str
    parameters: tuple[Any, ...] = ()


class Lines(NamedTuple):
    """A step of a dump: to run a SELECT whose only column are statements of the dump."""

    sql: str


Steps: TypeAlias = Generator[str | Ask | Lines, Any, None]


def iterdump(connection: SyncConnection, filter: str | None) -> Iterator[str]:
    """Yields the statements, each with its semicolon.

    Args:
        connection: what to read; all is as of one moment only if it is in a transaction.
        filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump, None for all.
    """
    steps = dump(filter)
    rows = None
    while (step := next_step(steps, rows)) is not None:
        rows = None
        if isinstance(step, str):
            yield step
        elif isinstance(step, Ask):
            rows = _PlainCursor(connection).execute(step.sql, step.parameters).fetchall()
        else:
            for (line,) in _PlainCursor(connection).execute(step.sql):
                yield line


def next_step(steps: Steps, rows: Any) -> str | Ask | Lines | None:
    """Sends the rows that the last step asked for, None for the others, and returns the next step, None at the end."""
    try:
        return steps.send(rows)
    except StopIteration:
        return None


def dump(filter: str | None) -> Steps:
    """Yields the statements of a dump, and between them what has to be read for the next ones."""
    named, patterns = ("AND name LIKE ?", (filter,)) if filter else ("", ())
    if (yield Ask("PRAGMA foreign_key_check")):
        yield "PRAGMA foreign_keys=OFF;"
    yield "BEGIN TRANSACTION;"
    sequences: list[str] = []
    writable_schema = False
    for name, _, sql in (yield Ask(_OBJECTS.format("= 'table'", named) + " ORDER BY name", patterns)):
        if name == "sqlite_sequence":
            rows = yield Ask("SELECT name, seq FROM sqlite_sequence")
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
        columns = [quote_name(column) for _, column, *_ in (yield Ask(f"PRAGMA table_info({table})"))]
        values = " || ',' || ".join(_QUOTE.format(column) for column in columns)
        yield Lines(f"SELECT {quote_text(f'INSERT INTO {table} VALUES(')} || {values} || ');' FROM {table}")
    for _, _, sql in (yield Ask(_OBJECTS.format("IN ('index', 'trigger', 'view')", named), patterns)):
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
