# SPDX-License-Identifier: Apache-2.0
"""SQLite's "file:" URIs, where they name a directory (`connect` with `uri=True`)."""

from __future__ import annotations

import os
from typing import NamedTuple

from dqlitepy.errors import NotSupportedError, OperationalError


class Directory(NamedTuple):
    """The directory of an embedded node, and what a connection to it may do."""

    path: str
    create: bool = True
    read_only: bool = False


_MODES = {
    "rwc": {},
    "rw": {"create": False},
    "ro": {"create": False, "read_only": True},
}


def parse(uri: str) -> Directory | None:
    """Returns the directory that a "file:" URI names, None where it is to be a temporary one.

    Raises:
        OperationalError: it names another machine, or an unknown mode.
        NotSupportedError: it asks for what a node has not: a shared cache, a VFS, …
        ValueError: it has a NUL character inside.
    """
    from urllib.parse import parse_qsl, unquote_to_bytes

    rest, _, _ = uri.removeprefix("file:").partition("#")
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        authority, slash, path = path[2:].partition("/")
        if authority not in ("", "localhost"):
            raise OperationalError(f"invalid uri authority: {authority}")
        path = slash + path
    mode = "rwc"
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "mode":
            mode = value
        elif (name, value) != ("cache", "private"):
            raise NotSupportedError(f"{name}={value} in {uri!r}: a node has no such thing. Leave it out")
    directory = os.fsdecode(unquote_to_bytes(os.fsencode(path)))
    if "\0" in directory:
        raise ValueError("embedded null character in the path of the database")
    if mode == "memory" or directory in ("", ":memory:"):
        return None
    if mode not in _MODES:
        raise OperationalError(f"no such access mode: {mode}")
    return Directory(directory, **_MODES[mode])
