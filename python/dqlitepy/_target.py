# SPDX-License-Identifier: Apache-2.0
"""What the first argument of `connect` means."""

from __future__ import annotations

import os

from dqlitepy.errors import NotSupportedError

StrOrBytesPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def directory_of(database: StrOrBytesPath, *, uri: bool) -> str | None:
    """Returns the directory of an embedded node, None for a temporary one.

    Raises:
        NotSupportedError: it is an address or a URI.
        TypeError: it is no path.
        ValueError: it has a NUL character inside.
    """
    path = os.fsdecode(database)
    if "\0" in path:
        raise ValueError("embedded null character in the path of the database")
    if path.startswith("dqlite://"):
        raise NotSupportedError("dqlite:// is not supported in this version: give a directory for an embedded node")
    if uri and path.startswith("file:"):
        raise NotSupportedError("file: URIs name SQLite files; dqlitepy keeps a database in a directory: give its path")
    return None if path in ("", ":memory:") else path
