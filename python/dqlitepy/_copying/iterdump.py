# SPDX-License-Identifier: Apache-2.0
"""`Connection.iterdump`: the text of the statements that make a database again, line for line as `sqlite3` has it.

What has to be read is asked for by steps; `dump_lines` reads it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias

from dqlitepy._quoting import quote_name, quote_text

_OBJECTS = "SELECT name, type, sql FROM sqlite_schema WHERE sql NOT NULL AND type {} {}"
# SQLite's quote() ends a text at its first NUL; these are the only values that need another form.
_QUOTE_NUL = "'CAST(X''' || hex(CAST({0} AS BLOB)) || ''' AS TEXT)'"
_QUOTE = f"CASE WHEN typeof({{0}}) = 'text' AND instr({{0}}, char(0)) THEN {_QUOTE_NUL} ELSE quote({{0}}) END"


class Ask(NamedTuple):
    """A step of a dump: to run a SELECT or PRAGMA and send all its rows back."""

    sql: str
    parameters: tuple[Any, ...] = ()


class Lines(NamedTuple):
    """A step of a dump: to run a SELECT whose only column are statements of the dump."""

    sql: str


Steps: TypeAlias = Generator[str | Ask | Lines, Any, None]


def next_step(steps: Steps, rows: Any) -> str | Ask | Lines | None:
    """Sends the rows that the last step asked for, None for the others, and returns the next step, None at the end."""
    try:
        return steps.send(rows)
    except StopIteration:
        return None


def dump_steps(filter: str | None) -> Steps:
    """Yields the statements of a dump, each with its semicolon, and between them what has to be read for the next."""
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
