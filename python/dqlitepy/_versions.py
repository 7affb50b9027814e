# SPDX-License-Identifier: Apache-2.0
"""The versions of dqlitepy and of what is linked into it."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.library import check_library, library, library_path, take_block
from dqlitepy._version import __version__
from dqlitepy.errors import InterfaceError

_MARK = b"dqlitepy-sqlite-version="


def versions() -> dict[str, str]:
    """Returns the version of dqlitepy and of everything that is linked into it, by name. Loads the library.

    Raises:
        InterfaceError: the library cannot be loaded.
        ForkError: this process was forked after dqlitepy had started.
    """
    block, size, error = Block(), BlockSize(), ErrorStruct()
    if library().dqlitepy_versions(block, size, error) != Status.OK:
        raise exception_of(error)
    found = {"dqlitepy": __version__}
    for line in take_block(block, size).decode().splitlines():
        name, _, version = line.partition(" ")
        found[name] = version
    return found


def sqlite_version() -> str:
    """Returns the version of the SQLite that is linked in, as "3.54.1". Reads the library, but does not load it.

    Programs ask while they are imported, and a process that has loaded the library cannot fork workers any more.

    Raises:
        InterfaceError: the library is missing or damaged.
        UnsupportedPlatformError: there is no library for this machine.
    """
    path = library_path()
    try:
        with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            start = content.find(_MARK) + len(_MARK)
            if start >= len(_MARK):
                return content[start : content.find(b"\0", start)].decode()
    except (OSError, ValueError):  # it is empty, among others
        pass
    check_library(path)
    raise InterfaceError(f"{path} is damaged: it does not say which SQLite is in it. Reinstall dqlitepy {__version__}")


def sqlite_version_info() -> tuple[int, ...]:
    """Returns the version of the SQLite that is linked in, as (3, 54, 1); as `sqlite_version`."""
    return tuple(map(int, sqlite_version().split(".")))
