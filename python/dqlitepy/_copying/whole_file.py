# SPDX-License-Identifier: Apache-2.0
"""Writes a file that exists whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from dqlitepy._result_codes import SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR
from dqlitepy.errors import Error, OperationalError, with_code

# What a file system says that has no hard links.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def write_new_file(path: str, write: Callable[[BinaryIO], None]) -> None:
    """Makes a file of mode 0600, of which `write` writes the contents.

    They go to a temporary file beside it, are synced to the disk and only then get their name. A process that is killed
    on the way leaves nothing but that temporary file, ".NAME.….partial".

    Raises:
        OperationalError: something of that name exists already, the folder cannot be written to, or the disk is full.
    """
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.lexists(path):
        raise _failure(path, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".partial", dir=folder)
    except OSError as error:
        raise _failure(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _name(temporary, path)
        sync_folder(folder)
    except OSError as error:
        raise _failure(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _name(temporary: str, path: str) -> None:
    """Gives a file its name, unless something has it."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.rename(temporary, path)


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Waits until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(path: str, error: OSError) -> Error:
    if isinstance(error, FileExistsError):
        code = SQLITE_CANTOPEN
        message = f"{path!r} exists already, and nothing is overwritten: remove it, or give another name"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        code = SQLITE_FULL
        message = f"the disk is full: {path!r} was not made. Free some space, or give another folder"
    elif isinstance(error, FileNotFoundError):
        code = SQLITE_CANTOPEN
        message = f"{path!r} cannot be made: its folder does not exist; make that first"
    else:
        code = SQLITE_CANTOPEN if isinstance(error, PermissionError) else SQLITE_IOERR
        message = f"{path!r} cannot be made: {error.strerror or error}"
    return with_code(OperationalError(message), code)
