# SPDX-License-Identifier: Apache-2.0
"""Whether a file is a sound database: what a node asks before it takes a snapshot, and more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dqlitepy._disk.damage import Damaged

if TYPE_CHECKING:
    import sqlite3

# What quick_check says of rows that any program may write, and of what virtual tables keep: a node takes it as well.
_HARMLESS = (
    "NULL value in ",
    "CHECK constraint failed in ",
    "non-",
    "NUMERIC value in ",
    "TEXT value in ",
    "malformed inverted index for FTS",
    "unable to validate the inverted index for FTS",
    "In RTree ",
)
# What the SQLite of this Python may not know, while that of a node does.
_UNKNOWN = ("no such module", "malformed database schema", "unsupported file format")
_STEPS = 1_000_000


class Unknown(Exception):
    """Nobody can tell here whether a database is sound; the message says why."""


def open_copy(path: Path) -> sqlite3.Connection:
    """Opens a file that nobody else uses, to read it as it is.

    Raises:
        Unknown: this Python cannot.
    """
    try:
        import _sqlite3 as sqlite3
    except ImportError:
        raise Unknown("this Python has no module sqlite3") from None

    con = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True, isolation_level=None)
    con.text_factory = lambda text: text.decode(errors="backslashreplace")
    return con


def check(path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
    """Checks a database; `progress` is called now and then, and may raise.

    Returns:
        what is wrong with its indexes, with which a node starts; "" where all is well.

    Raises:
        Damaged: a node refuses it.
        Unknown: the SQLite of this Python cannot read it.
    """
    con = open_copy(path)
    try:
        con.set_progress_handler(lambda: _interrupts(progress), _STEPS)
        con.execute("PRAGMA ignore_check_constraints = ON")
        if wrong := first_fault(con, "PRAGMA quick_check", progress):
            raise Damaged(wrong)
        wrong = first_fault(con, "PRAGMA integrity_check", progress)
        # The quick_check of a node's SQLite counts entries; that of an older one does not.
        if wrong.startswith("wrong # of entries in index"):
            raise Damaged(wrong)
        return wrong
    finally:
        con.close()


def _interrupts(progress: Callable[[int], None]) -> bool:
    try:
        progress(0)
    except BaseException:
        return True
    return False


def first_fault(con: sqlite3.Connection, pragma: str, progress: Callable[[int], None]) -> str:
    """Returns the first thing that a check of SQLite's finds, "" where that is nothing that harms.

    Args:
        con: the database.
        pragma: "PRAGMA quick_check" or "PRAGMA integrity_check".
        progress: raises what interrupted the check, if anything did.

    Raises:
        Damaged: SQLite cannot even check it.
        Unknown: for the SQLite of this Python.
    """
    import _sqlite3 as sqlite3

    try:
        for (message,) in con.execute(pragma):
            lines = [line for line in message.splitlines() if not line.startswith("*** in database ")]
            if lines and lines[0] != "ok" and not lines[0].startswith(_HARMLESS):
                return str(lines[0])
    except sqlite3.DatabaseError as error:
        progress(0)  # raises again what interrupted it
        if str(error).startswith(_UNKNOWN):
            raise Unknown(f"SQLite {sqlite3.sqlite_version} says: {error}") from None
        raise Damaged(str(error)) from None
    return ""
