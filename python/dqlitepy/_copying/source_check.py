# SPDX-License-Identifier: Apache-2.0
"""Whether a SQLite database is sound before anything of it is restored: a row that is damaged looks like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.soundness import Unknown, first_fault
from dqlitepy._disk.sqlite_header import MAGIC
from dqlitepy._result_codes import SQLITE_CORRUPT, SQLITE_NOTADB
from dqlitepy.errors import DatabaseError, with_code

if TYPE_CHECKING:
    import sqlite3

# SQLite runs so many of its steps between two looks for Ctrl-C, and says this where one ended it.
_STEPS = 1_000_000
_INTERRUPTED = "interrupted"
# What it says of indexes and columns that only the program of the source can compute: restoring them says the same.
_FOREIGN_CODE = ("unknown function", "no such function", "no such collation")
# What else people keep databases in, by the first bytes.
_FOREIGN = (
    (b"** This file contains an SQLite 2", "it is of SQLite 2: copy it by `sqlite OLD .dump | sqlite3 NEW`"),
    (b"\x1f\x8b", "it is compressed by gzip: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd: unpack it first"),
    (b"\xfd7zXZ\0", "it is compressed by xz: unpack it first"),
    (b"BZh", "it is compressed by bzip2: unpack it first"),
    (b"PK\x03\x04", "it is a zip archive: unpack it first"),
    (b"\x04\x22\x4d\x18", "it is compressed by LZ4; a snapshot of a node is read by `dqlitepy recover --salvage`"),
    (b"\x37\x7f\x06\x82", "it is the WAL of a SQLite database: give the database itself, beside it"),
    (b"\x37\x7f\x06\x83", "it is the WAL of a SQLite database: give the database itself, beside it"),
    (b"\xd9\xd5\x05\xf9", "it is the rollback journal of a SQLite database: give the database itself, beside it"),
    (b"PRAGMA ", "it is SQL: run it by `dqlitepy shell TARGET < FILE`"),
    (b"BEGIN", "it is SQL: run it by `dqlitepy shell TARGET < FILE`"),
    (b"CREATE ", "it is SQL: run it by `dqlitepy shell TARGET < FILE`"),
    (b"--", "it is SQL: run it by `dqlitepy shell TARGET < FILE`"),
)


def check_format(path: str, called: str) -> None:
    """Reads how a file begins.

    Raises:
        DatabaseError: it is no SQLite database; the message tells what it is instead, where that is known.
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        start = file.read(64)
    if start.startswith(MAGIC):
        return
    if not start:
        told = "it is empty, and a SQLite database is not: was its copy cut short?"
    else:
        told = next((text for magic, text in _FOREIGN if start.startswith(magic)), "it may be encrypted, or damaged")
    raise with_code(DatabaseError(f"{called} cannot be read: file is not a database ({told})"), SQLITE_NOTADB)


def check_sound(source: sqlite3.Connection, called: str) -> None:
    """Reads all of a database, as of the transaction that is open, and compares what belongs together.

    Raises:
        DatabaseError: it is damaged.
    """
    source.set_progress_handler(_look, _STEPS)
    source.execute("PRAGMA cell_size_check = ON")
    source.execute("PRAGMA ignore_check_constraints = ON")
    try:
        fault = first_fault(source, "PRAGMA integrity_check", lambda _: None)
    except Damaged as damage:
        fault = str(damage)
    except Unknown:
        fault = ""  # a module that is not here; what cannot be restored says so itself
    finally:
        source.set_progress_handler(None, 0)
    if fault == _INTERRUPTED:
        raise KeyboardInterrupt
    if fault and not fault.startswith(_FOREIGN_CODE):
        raise with_code(
            DatabaseError(
                f"{called} is damaged, and nothing was restored: {fault}. Save what can be read into a new file first, "
                "by `sqlite3 OLD .recover | sqlite3 NEW`"
            ),
            SQLITE_CORRUPT,
        )


def _look() -> bool:
    """Lets the handlers of signals run while SQLite is at work, which ends the check where one raises."""
    return False
