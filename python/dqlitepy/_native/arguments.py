# SPDX-License-Identifier: Apache-2.0
"""Checks arguments of users and converts them for the shim: seconds, and names of databases."""

from __future__ import annotations

import math

_LONGEST_TIMEOUT_MS = 2**31 - 1
_LONGEST_NAME = 504  # of 512 bytes that dqlite's file system has for a path, SQLite wants 8 for a suffix
_SUFFIXES = ("-wal", "-journal")


def milliseconds(name: str, seconds: float) -> int:
    """Returns `seconds` in milliseconds for the shim: 0 for negative ones, the largest number for infinite ones.

    Raises:
        TypeError: it is no number.
        ValueError: it is NaN.
    """
    if math.isnan(seconds):
        raise ValueError(f"{name} must be a number of seconds, not NaN")
    return int(min(max(seconds, 0.0) * 1000, _LONGEST_TIMEOUT_MS))


def encode_name(name: str) -> bytes:
    """Returns the name of a database as the shim wants it.

    Raises:
        TypeError: it is no str.
        ValueError: it is empty or too long, has a NUL character or a lone surrogate inside, is ':memory:', or is what
            SQLite calls a file of another database.
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a database must be str, not {type(name).__name__}")
    if not name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of a database: it is empty or contains a NUL character")
    encoded = name.encode()
    if len(encoded) > _LONGEST_NAME:
        raise ValueError(
            f"the name of a database must not be longer than {_LONGEST_NAME} bytes, and this one has {len(encoded)}"
        )
    if name == ":memory:":
        raise ValueError(
            "':memory:' cannot be the name of a database within a node: "
            "connect(':memory:') opens a temporary database, in a node of its own"
        )
    if name.endswith(_SUFFIXES):
        raise ValueError(
            f"{name!r} cannot be the name of a database: SQLite uses that name for a file of another database"
        )
    return encoded
