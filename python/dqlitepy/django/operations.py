# SPDX-License-Identifier: Apache-2.0
"""SQL that differs from that of Django's sqlite3 backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3.operations import DatabaseOperations as SQLiteOperations
from django.utils.functional import cached_property

import dqlitepy

# Each table with those that refer to it. The names of a reference may be written in other cases than the tables'.
_REFERENCES = """
    SELECT lower(reference."table"), lower(referring.name), referring.name
    FROM sqlite_master AS referring JOIN pragma_foreign_key_list(referring.name) AS reference
    WHERE referring.type = 'table'
"""


class DatabaseOperations(SQLiteOperations):
    """Asks the server for nothing that can be known here."""

    compiler_module = "dqlitepy.django._compiler"

    @cached_property
    def _references_graph(self) -> Callable[[str], list[str]]:
        # The cache is Django's: a flush of many tables asks for each of them.
        return lru_cache(maxsize=512)(self._referring_tables)

    def _referring_tables(self, table_name: str) -> list[str]:
        """Returns a table and all that refer to it, directly or through others.

        Django looks for "REFERENCES" in the tables' SQL, by a regular expression in Python.
        """
        with self.connection.cursor() as cursor:
            references = cursor.execute(_REFERENCES).fetchall()
        found = {table_name.lower(): table_name}
        look_at = list(found)
        while look_at:
            of = look_at.pop()
            for referred, key, name in references:
                if referred == of and key not in found:
                    found[key] = name
                    look_at.append(key)
        return list(found.values())

    def _quote_params_for_last_executed_query(self, params: Iterable[Any]) -> tuple[str, ...]:
        # Django has SQLite quote them: with DEBUG, that would be a question to the server for each query.
        return tuple(_literal(value) for value in params)

    def force_group_by(self) -> list[str]:
        return []  # what SQLite needed before 3.39


def _literal(value: Any) -> str:
    """Returns a parameter as SQL writes it, for display."""
    value = dqlitepy.adapt(value, dqlitepy.PrepareProtocol, value)
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"X'{bytes(value).hex().upper()}'"
    return str(int(value)) if isinstance(value, bool) else repr(value)
