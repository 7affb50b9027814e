# SPDX-License-Identifier: Apache-2.0
"""Drops everything that a database holds, in the transaction that is open."""

from __future__ import annotations

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._quoting import quote_name
from dqlitepy.cursor import Cursor

# Virtual tables first, as they take tables of theirs along; what depends on a table, before it.
_NEXT = """
SELECT type, name FROM sqlite_schema
WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name LIKE 'sqlite\\_stat_' ESCAPE '\\'
ORDER BY type = 'trigger' DESC, type = 'view' DESC, sql LIKE 'CREATE VIRTUAL%' DESC, type = 'table' DESC, rowid
LIMIT 1
"""


def drop_everything(target: SyncConnection) -> None:
    """Drops all triggers, views, tables and indexes, and what AUTOINCREMENT has counted.

    Raises:
        OperationalError: the module of a virtual table is missing.
    """
    while found := Cursor(target).execute(_NEXT).fetchone():
        kind, name = found
        target._run_control(f"DROP {kind.upper()} {quote_name(name)}")
