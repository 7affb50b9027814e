# SPDX-License-Identifier: Apache-2.0
"""`.import`: the rows of a CSV file become rows of a table, all of them or none."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from io import TextIOWrapper
from itertools import islice
from typing import TextIO

import dqlitepy
from dqlitepy._cli.failure import Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._quoting import quote_name

_ROWS = 5000  # that one executemany takes
_LONGEST_FIELD = 2**31 - 1


def import_csv(con: dqlitepy.Connection, file: str, table: str, skip: int) -> int:
    """Inserts the records of `file` behind the first `skip` into `table`, and returns how many.

    A table that does not exist is made; the first record then names its columns. A transaction that is open already is
    left open, and rolled back to where the import began if that fails.

    Raises:
        Failure: a record has too few or too many fields, or is no CSV.
        dqlitepy.Error: the database refused.
        OSError, UnicodeDecodeError: the file cannot be read.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    size = os.path.getsize(file)
    with (
        open(file, "rb") as raw,
        TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        Progress(f"importing {os.path.basename(file)}", size) as bar,
    ):
        records = _records(file, text, skip)
        outer = con.in_transaction
        con.execute("SAVEPOINT dqlitepy_import" if outer else "BEGIN IMMEDIATE")
        try:
            width = _width(con, table, records)
            count = 0
            insert = f"INSERT INTO {quote_name(table)} VALUES ({', '.join('?' * width)})"
            while chunk := [_checked(file, line, fields, width) for line, fields in islice(records, _ROWS)]:
                con.executemany(insert, chunk)
                count += len(chunk)
                bar.reach(raw.tell(), size)
        except BaseException:
            if con.in_transaction:
                con.execute("ROLLBACK TO dqlitepy_import" if outer else "ROLLBACK")
            raise
        con.execute("RELEASE dqlitepy_import" if outer else "COMMIT")
        return count


def _records(file: str, stream: TextIO, skip: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(stream, strict=True)
    try:
        for fields in islice(reader, skip, None):
            if fields:  # an empty line is no record
                yield reader.line_num, fields
    except csv.Error as error:
        raise Failure(f"{file}, line {reader.line_num}: {error}", "Correct the file; nothing was imported.") from error


def _width(con: dqlitepy.Connection, table: str, records: Iterator[tuple[int, list[str]]]) -> int:
    """Returns how many columns the table has, after it was made if need be."""
    known = con.execute("SELECT count(*) FROM pragma_table_info(?)", (table,)).fetchone()[0]
    if known:
        return int(known)
    _, names = next(records, (0, None))
    if names is None:
        raise Failure("there is no record to name the columns of a new table", f"Make the table {table} first.")
    con.execute(f"CREATE TABLE {quote_name(table)} ({', '.join(f'{quote_name(name)} TEXT' for name in names)})")
    return len(names)


def _checked(file: str, line: int, fields: list[str], width: int) -> list[str]:
    if len(fields) != width:
        raise Failure(
            f"{file}, line {line}: {len(fields)} fields where the table has {width} columns",
            "Correct the file, or leave its head out with --skip 1; nothing was imported.",
        )
    return fields
