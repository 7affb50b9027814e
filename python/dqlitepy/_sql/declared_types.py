# SPDX-License-Identifier: Apache-2.0
"""The declared types of the columns of a result (PARSE_DECLTYPES), which dqlite's protocol does not carry.

The definitions of the tables and views are read from the database, as often as they change, and the SQLite inside
libdqlitepy compiles the statement against tables that they make in memory: what it says of a column is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dqlitepy._native.formats import encode
from dqlitepy._sql.statements import declared_types

# Tables of the connection's own (TEMP) change by its own statements only, after which nothing is taken for known.
VERSION = "PRAGMA main.schema_version"
# Virtual tables first: they make their shadow tables themselves. SQLite keeps each definition beginning with CREATE.
DEFINITIONS = """
    SELECT sql FROM (
        SELECT sql, rowid AS place FROM sqlite_schema WHERE type IN ('table', 'view') AND sql IS NOT NULL
        UNION ALL
        SELECT 'CREATE TEMP' || substr(sql, 7), rowid FROM sqlite_temp_schema WHERE type IN ('table', 'view')
    ) ORDER BY sql NOT LIKE 'CREATE VIRTUAL%', place
"""
_REMEMBERED = 128


class DeclaredTypes:
    """What is known as long as the schema stays as it is."""

    def __init__(self, version: Any, definitions: Sequence[tuple[str]]) -> None:
        self.version = version
        schema = encode(tuple(definition for (definition,) in definitions))
        self.of = lru_cache(maxsize=_REMEMBERED)(lambda sql: declared_types(sql, schema))
