# SPDX-License-Identifier: Apache-2.0
"""The end of a run: every node has the same content, which SQLite finds whole."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import suppress

from tests.jepsen.history import Violation


def opened(dump: bytes) -> sqlite3.Connection:
    """Returns a copy of a database that dqlitepy dumped, in memory."""
    image = bytearray(dump)
    if image[18:20] == b"\x02\x02":
        image[18:20] = b"\x01\x01"  # it has no WAL here
    con = sqlite3.connect(":memory:", check_same_thread=False)
    con.deserialize(bytes(image))
    return con


def content(con: sqlite3.Connection) -> str:
    """Returns a digest of all that a reader can find in a database: its schema and its rows, by their keys."""
    digest = hashlib.sha256()
    for line in con.iterdump():
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def integrity(con: sqlite3.Connection) -> str:
    """Returns what PRAGMA integrity_check says, or how it fails."""
    try:
        return "; ".join(str(line) for (line,) in con.execute("PRAGMA integrity_check(5)"))
    except sqlite3.DatabaseError as error:
        return str(error)


def prevailing(dumps: Mapping[str, bytes]) -> bytes:
    """Returns the copy that most nodes have: where one node has stayed behind, the others tell what was lost."""
    groups: dict[str, list[bytes]] = {}
    for dump in dumps.values():
        con = opened(dump)
        with suppress(sqlite3.DatabaseError):
            groups.setdefault(content(con), []).append(dump)
        con.close()
    return max(groups.values(), key=len)[0] if groups else next(iter(dumps.values()))


def compare(dumps: Mapping[str, bytes]) -> list[Violation]:
    """Returns what is wrong with the copies of the nodes, by their names."""
    violations = []
    contents: dict[str, list[str]] = {}
    for name, dump in dumps.items():
        con = opened(dump)
        said = integrity(con)
        if said != "ok":
            violations.append(Violation("malformed", f"{name}: {said[:300]}"))
        try:
            contents.setdefault(content(con), []).append(name)
        except sqlite3.DatabaseError as error:
            contents.setdefault(f"unreadable: {error}", []).append(name)
        con.close()
    if len(contents) > 1:
        groups = " | ".join(", ".join(names) for names in contents.values())
        violations.append(Violation("nodes differ", groups))
    return violations
