# SPDX-License-Identifier: Apache-2.0
"""The directory of a node: how it is made, and what is wrong in it where a node does not start."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from errno import ENOENT, ENOTDIR
from time import monotonic

from dqlitepy._result_codes import SQLITE_CANTOPEN, SQLITE_CORRUPT
from dqlitepy.errors import Error, OperationalError, with_code

_PRIVATE = 0o700
# How long files may be searched for damage before the error goes out without it.
_INSPECTION_SECONDS = 30.0


def make(directory: str, *, create: bool = True) -> os.stat_result:
    """Makes the directory (mode 0700) where it does not exist and `create` allows it; returns its status.

    Raises:
        OperationalError: nothing can be made there, or something else is.
    """
    try:
        if create:
            with suppress(FileExistsError):
                os.mkdir(directory, _PRIVATE)
        elif not os.path.exists(directory):
            raise FileNotFoundError(ENOENT, "it does not exist, and mode says that it must")
        status = os.stat(directory)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(ENOTDIR, "it is a file; give a directory, since a node has several files")
    except OSError as error:
        hint = ""
        if isinstance(error, FileNotFoundError) and create:
            hint = ". It is a link to nothing" if os.path.islink(directory) else ". Make the folder above it first"
        message = f"unable to open database directory {directory!r}: {error.strerror}{hint}"
        raise with_code(OperationalError(message), SQLITE_CANTOPEN) from error
    return status


def open_segments(directory: str) -> list[str]:
    """Returns the names of the files of the log that were not finished, as a crash leaves them, in their order."""
    return sorted(name for name in os.listdir(directory) if name.startswith("open-"))


def check_open_segments(directory: str) -> None:
    """Looks for damage that a node does not mention: in what a crash left it drops all entries behind a bad one.

    Raises:
        OperationalError: good entries, which were acknowledged, follow bad ones.
    """
    names = open_segments(directory)
    if not names:
        return
    from pathlib import Path  # takes longer to load than most of this package

    from dqlitepy._disk.content import Content
    from dqlitepy._disk.damage import Damaged
    from dqlitepy._disk.identity import holder
    from dqlitepy._disk.segments import GoodEntriesFollow, Reader, Segment

    for name in names:
        try:
            with Content(Path(directory, name)) as content:
                Reader(Segment(name, True, content.size), content, 1).read_open()
        except GoodEntriesFollow as damage:
            if holder(Path(directory)) is None:  # otherwise it is being written
                raise with_code(
                    OperationalError(_damage_message(directory, f"{name}: {damage}")), SQLITE_CORRUPT
                ) from None
        except (Damaged, OSError):
            continue  # the node itself tells


def _damage_message(directory: str, found: str) -> str:
    return (
        f"the node in {directory} did not start, because files are damaged: {found}. Restore the directory from a "
        "copy, or, where the node has others, empty it and let it join them again. Where there is neither: copy it, "
        "then move away each file that is named (of a snapshot also its .meta, of a segment also those with higher "
        "numbers), or cut an open segment off where its damage begins, as by `truncate -s BYTE FILE`; what only they "
        "held is lost"
    )


def explained(error: Error, directory: str) -> Error:
    """Returns what to raise for a node that did not start: where its files are damaged, which ones, and the way out."""
    if "raft_" not in str(error):  # it did not get as far as its files
        return error
    from pathlib import Path

    from dqlitepy._disk.directory import inspect

    deadline = monotonic() + _INSPECTION_SECONDS

    def check_time(_: int) -> None:
        if monotonic() > deadline:
            raise TimeoutError

    try:
        report = inspect(Path(directory), check_time)
    except (OSError, ValueError):
        return error
    if not report.damage:
        return error
    found = "; ".join(f"{finding.file}: {finding.text}" for finding in report.damage)
    said = str(error).partition(": ")[2]  # behind which node it is
    return with_code(OperationalError(_damage_message(directory, f"{found} (dqlite says: {said})")), SQLITE_CORRUPT)
