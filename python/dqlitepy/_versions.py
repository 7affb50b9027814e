# SPDX-License-Identifier: Apache-2.0
"""The versions of dqlitepy and of what is linked into it."""

from __future__ import annotations

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.library import library, take_block
from dqlitepy._version import __version__


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
    """Returns the version of the SQLite that is linked in, as "3.54.1"."""
    return versions()["sqlite"]


def sqlite_version_info() -> tuple[int, ...]:
    """Returns the version of the SQLite that is linked in, as (3, 54, 1)."""
    return tuple(map(int, sqlite_version().split(".")))
