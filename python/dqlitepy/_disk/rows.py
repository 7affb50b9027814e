# SPDX-License-Identifier: Apache-2.0
"""Copies out of a malformed database what SQLite can still read of it, table by table and row by row."""

from __future__ import annotations

import _sqlite3 as sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dqlitepy._disk.soundness import open_copy
from dqlitepy._quoting import quote_name

_FIRST, _LAST = -(2**63), 2**63 - 1
_OWN = ("sqlite_stat1", "sqlite_stat4")  # ANALYZE makes them again


@dataclass
class Saved:
    """How many rows of each table could be read, and what could not."""

    rows: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)


def save_rows(damaged: Path, output: Path) -> Saved:
    """Fills the new database `output` with what is readable in `damaged`, and tells what is lost."""
    saved = Saved()
    source = open_copy(damaged)
    target = sqlite3.connect(output, isolation_level=None)
    try:
        source.execute("PRAGMA writable_schema = ON")  # so that a definition that makes no sense harms no other
        target.execute("PRAGMA ignore_check_constraints = ON")
        target.execute("PRAGMA writable_schema = ON")
        target.execute("BEGIN")
        schema = _schema(source, saved)
        for kind, name, sql in schema:
            if kind == "table" and name not in _OWN:
                _save_table(source, target, name, sql, saved)
        for kind, name, sql in schema:
            if kind != "table" and sql:
                try:
                    target.execute(sql)
                except sqlite3.Error as error:
                    saved.lost.append(f"{kind} {name}: {error}")
        target.execute("COMMIT")
    finally:
        source.close()
        target.close()
    return saved


def _schema(source: sqlite3.Connection, saved: Saved) -> list[tuple[str, str, str | None]]:
    found: list[tuple[str, str, str | None]] = []
    try:
        for row in source.execute("SELECT type, name, sql FROM sqlite_master"):
            if isinstance(row[1], str) and isinstance(row[2], str | None):  # a damaged page may have anything
                found.append(row)
    except sqlite3.DatabaseError as error:
        saved.lost.append(f"the definitions of tables behind the first {len(found)}: {error}")
    return found


def _save_table(
    source: sqlite3.Connection, target: sqlite3.Connection, name: str, sql: str | None, saved: Saved
) -> None:
    try:
        if sql is not None and sql.upper().startswith("CREATE VIRTUAL"):  # its rows are in tables of its own
            target.execute(f"EXPLAIN {sql}")  # one that cannot be parsed would make all of the output unreadable
            target.execute("INSERT INTO sqlite_master VALUES ('table', ?, ?, 0, ?)", (name, name, sql))
            return
        if name == "sqlite_sequence":
            target.execute("DELETE FROM sqlite_sequence")
        elif sql is not None:
            target.execute(sql)
        columns = [row[1] for row in source.execute(f"PRAGMA table_xinfo({quote_name(name)})") if row[6] in (0, 1)]
    except sqlite3.Error as error:
        saved.lost.append(f"table {name}: {error}")
        return
    hidden = next((alias for alias in ("rowid", "_rowid_", "oid") if alias not in map(str.lower, columns)), None)
    wanted = ([hidden] if hidden else []) + [quote_name(column) for column in columns]
    table = _Table(source, name, wanted, hidden, saved.lost)
    places = ", ".join("?" * len(wanted))
    insert = f"INSERT OR IGNORE INTO {quote_name(name)} ({', '.join(wanted)}) VALUES ({places})"
    try:
        source.execute(f"SELECT {hidden or 1} FROM {quote_name(name)} LIMIT 0")
    except sqlite3.OperationalError:  # WITHOUT ROWID
        table.wanted, table.hidden = wanted[1:], None
        places = ", ".join("?" * len(columns))
        insert = f"INSERT OR IGNORE INTO {quote_name(name)} ({', '.join(table.wanted)}) VALUES ({places})"
    except sqlite3.DatabaseError:
        pass
    before = target.total_changes
    read = 0
    for row in table.rows():
        read += 1
        try:
            target.execute(insert, row)
        except sqlite3.Error as error:
            saved.lost.append(f"a row of table {name}: {error}")
    saved.rows[name] = target.total_changes - before
    if saved.rows[name] < read and table.hidden is not None:
        saved.lost.append(f"table {name}: {read - saved.rows[name]} rows that were there twice, or broke a constraint")


class _Table:
    """One table, which may have pages that cannot be read."""

    def __init__(
        self, source: sqlite3.Connection, name: str, wanted: list[str], hidden: str | None, lost: list[str]
    ) -> None:
        self.wanted = wanted
        self.hidden = hidden
        self._source = source
        self._title = name
        self._name = quote_name(name)
        self._lost = lost

    def rows(self) -> Iterator[Sequence[Any]]:
        """Yields each row that can be read; one that stands there twice comes twice."""
        if self.hidden is None:
            yield from self._from_both_ends()
            return
        start: int | None = _FIRST
        while start is not None:
            last = start - 1
            statement = (
                f"SELECT {', '.join(self.wanted)} FROM {self._name} WHERE {self.hidden} >= ? ORDER BY {self.hidden}"
            )
            try:
                for row in self._source.execute(statement, (start,)):
                    yield row
                    last = max(last, row[0])
                return
            except sqlite3.DatabaseError as error:
                after = last + 1
                if last >= _LAST:
                    return
                start = self._behind(after)
                until = f"to {start - 1}" if start is not None else "on"
                since = f"from rowid {after}" if after > _FIRST else "from the first"
                self._lost.append(f"table {self._title}: what there was {since} {until}: {error}")

    def _behind(self, start: int) -> int | None:
        """Returns the first rowid behind what cannot be read; None where nothing can be."""
        here = self._at(start)
        if here is not None:  # the page can be read, but not all of this row
            return here + 1 if here < _LAST else None
        bad, step = start, 1
        good = None
        while good is None:
            probe = min(bad + step, _LAST)
            if self._readable(probe):
                good = probe
            elif probe == _LAST:
                return None
            else:
                bad, step = probe, step * 2
        while good - bad > 1:
            middle = (good + bad) // 2
            if self._readable(middle):
                good = middle
            else:
                bad = middle
        return good

    def _at(self, start: int) -> int | None:
        """Returns the first rowid from `start` on; None where none can be read, or pages are not in their places."""
        try:
            rowid = self._first_from(start)
        except sqlite3.DatabaseError:
            return None
        return rowid if rowid is not None and rowid >= start else None

    def _readable(self, start: int) -> bool:
        try:
            rowid = self._first_from(start)
        except sqlite3.DatabaseError:
            return False
        return rowid is None or rowid >= start  # a lower one is of a page that is not in its place

    def _first_from(self, start: int) -> int | None:
        statement = f"SELECT {self.hidden} FROM {self._name} WHERE {self.hidden} >= ? ORDER BY {self.hidden} LIMIT 1"
        row = self._source.execute(statement, (start,)).fetchone()
        return None if row is None else int(row[0])

    def _from_both_ends(self) -> Iterator[Sequence[Any]]:
        """Yields the rows of a table WITHOUT ROWID up to what cannot be read, and down to it."""
        columns = ", ".join(self.wanted)
        try:
            yield from self._source.execute(f"SELECT {columns} FROM {self._name}")
            return
        except sqlite3.DatabaseError as error:
            self._lost.append(f"table {self._title}: some rows in its midst: {error}")
        keys = [row for row in self._source.execute(f"PRAGMA table_xinfo({self._name})") if row[5]]
        order = ", ".join(f"{quote_name(row[1])} DESC" for row in sorted(keys, key=lambda row: int(row[5])))
        try:
            yield from self._source.execute(f"SELECT {columns} FROM {self._name} ORDER BY {order}")
        except sqlite3.DatabaseError:
            return
