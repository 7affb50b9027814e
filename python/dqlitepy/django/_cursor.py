# SPDX-License-Identifier: Apache-2.0
"""Cursors that take parameters as Django writes them, `%s` and `%(name)s`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Self

from django.db.backends.sqlite3.base import SQLiteCursorWrapper

import dqlitepy

_Parameters = Sequence[Any] | Mapping[str, Any]

# What Django adds to the SQLite of its own process; here the node that runs the SQL must have them.
FUNCTIONS = frozenset(
    [
        *(f"django_date_{what}" for what in ("extract", "trunc")),
        *(f"django_datetime_{what}" for what in ("cast_date", "cast_time", "extract", "trunc")),
        *(f"django_time_{what}" for what in ("diff", "extract", "trunc")),
        *("django_format_dtdelta", "django_timestamp_diff"),
        *("any_value", "bit_and", "bit_or", "bit_xor", "bitxor", "cot", "lpad", "md5", "rand", "regexp", "repeat"),
        *("reverse", "rpad", "sha1", "sha224", "sha256", "sha384", "sha512", "stddev_pop", "stddev_samp"),
        *("uuidv4", "uuidv7", "var_pop", "var_samp"),
    ]
)
# SQLite says the latter of a function in a column's default.
_NO_FUNCTION = re.compile(r"no such function: (\w+)|unknown function: (\w+)\(\)")


class Cursor(dqlitepy.Cursor):
    """A cursor of Django's."""

    # What compiled the statement; None for raw SQL.
    compiler: Any = None

    # Replaces "%s" by "?", and "%(name)s" by ":name".
    convert_query = SQLiteCursorWrapper.convert_query

    def execute(self, query: str, params: _Parameters | None = None, /) -> Self:
        """Runs one statement; without parameters (None) it stays as it is."""
        arguments: tuple[Any, ...] = (query,)
        if params is not None:
            names = list(params) if isinstance(params, Mapping) else None
            arguments = self.convert_query(query, param_names=names), params
        connection: Any = self._connection
        detected = connection._detect_types
        if detected and self.compiler is not None and not self.compiler.needs_types():
            connection._detect_types = 0
        try:
            return super().execute(*arguments)
        except dqlitepy.OperationalError as error:
            _explain(error)
            raise
        finally:
            connection._detect_types = detected

    def executemany(self, query: str, param_list: Iterable[_Parameters], /) -> Self:
        """Runs one statement once for each item of `param_list`."""
        rows = iter(param_list)
        first = list(zip(range(1), rows, strict=False))
        names = list(first[0][1]) if first and isinstance(first[0][1], Mapping) else None
        try:
            return super().executemany(
                self.convert_query(query, param_names=names), chain((row for _, row in first), rows)
            )
        except dqlitepy.OperationalError as error:
            _explain(error)
            raise


def _explain(error: dqlitepy.OperationalError) -> None:
    """Says what to do where the server has not the functions that Django counts on, as none but dqlitepy's nodes do."""
    message = str(error)
    missing = _NO_FUNCTION.fullmatch(message)
    if missing and (missing[1] or missing[2]).lower() in FUNCTIONS:
        error.args = (
            f"{message}. Django adds it to the SQLite of its own process, but this SQL runs on the leading node, which "
            "is a stock dqlite or an older dqlitepy. Let all nodes run this version of dqlitepy",
        )
