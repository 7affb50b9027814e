# SPDX-License-Identifier: Apache-2.0
"""`Connection.backup` and `serialize`: the whole database as SQLite keeps it, out of dqlite."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from dqlitepy._copying.dump import PAGE_SIZE, Dump
from dqlitepy._copying.whole_file import write_new_file
from dqlitepy._result_codes import SQLITE_DONE, SQLITE_OK

if TYPE_CHECKING:
    import sqlite3

    from dqlitepy._native.abi import ConnectOptions

# Called with SQLite's status (0, or 101 when it is done), how many pages are still to come, and how many there are.
Progress: TypeAlias = Callable[[int, int, int], object]


def copy_to_file(
    options: ConnectOptions, path: str, pages: int, progress: Progress | None, *, any_server: bool = False
) -> None:
    """Writes what is committed to `path`, a SQLite file that must not exist.

    Args:
        options: which database.
        path: the file.
        pages: after how many pages to call `progress`, -1 for the end alone.
        progress: called, or None; where it raises, no file is made.
        any_server: whether a server that does not lead will do, which may lack the last commits.

    Raises:
        OperationalError: the file exists or cannot be written, or the copy broke off.
    """
    step = pages * PAGE_SIZE if progress and pages > 0 else 0
    total = 0

    def write(file: BinaryIO) -> None:
        nonlocal total
        written = 0
        with Dump(options, any_server=any_server) as dump:
            total = dump.size // PAGE_SIZE
            for piece in dump:
                rest = memoryview(piece)
                while rest:
                    part = rest[: step - written % step] if step else rest
                    file.write(part)
                    written += len(part)
                    rest = rest[len(part) :]
                    if progress and step and written % step == 0 and written < dump.size:
                        progress(SQLITE_OK, total - written // PAGE_SIZE, total)

    write_new_file(path, write)
    if progress:
        progress(SQLITE_DONE, 0, total)


def copy_to_sqlite(
    options: ConnectOptions, target: sqlite3.Connection, pages: int, progress: Progress | None, sleep: float
) -> None:
    """Replaces what is in `target` by what is committed; the arguments are those of `sqlite3.Connection.backup`."""
    import _sqlite3 as sqlite3

    with tempfile.TemporaryDirectory(prefix="dqlitepy-") as folder:
        path = os.path.join(folder, "copy")
        copy_to_file(options, path, -1, None)
        source = sqlite3.connect(path)
        try:
            source.backup(target, pages=pages, progress=progress, sleep=sleep)
        finally:
            source.close()


def copy_to_bytes(options: ConnectOptions) -> bytes:
    """Returns the bytes of a SQLite file with what is committed."""
    buffer = BytesIO()
    with Dump(options) as dump:
        for piece in dump:
            buffer.write(piece)
    return buffer.getvalue()
