# SPDX-License-Identifier: Apache-2.0
"""Deletes whole databases, for the commands that do so."""

from __future__ import annotations

import dqlitepy
from dqlitepy._cli.failure import Failure


def objects_in(con: dqlitepy.Connection, name: str) -> int:
    """Returns how many tables, indexes, views and triggers a database has.

    Raises:
        Failure: it has none: dqlite makes a database as soon as somebody asks for it.
    """
    [(objects,)] = con.execute("SELECT count(*) FROM sqlite_schema")
    if not objects:
        raise Failure(f"the database {name} is empty", "Is that its name? Nothing was done.")
    return int(objects)


def delete(con: dqlitepy.Connection) -> None:
    """Deletes the database of a connection, in whose open transaction nothing was written, and commits that.

    Raises:
        Error: it failed, and the database is as before; an AmbiguousCommitError says that this is not known.
    """
    con.execute("PRAGMA delete_database")
    con.execute("COMMIT")
