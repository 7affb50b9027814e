# SPDX-License-Identifier: Apache-2.0
"""Django's compilers of queries. They only say which columns a model's query is about to yield.

With PARSE_DECLTYPES dqlitepy asks the server for the version of the schema before each SELECT. What comes out of a
model's query needs no such types, because its fields convert the values themselves. Raw SQL goes without a compiler.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.exceptions import FieldError
from django.db.models.sql import compiler

import dqlitepy

# Fields whose values Django converts from what SQLite stores.
_CONVERTED = frozenset(["BooleanField", "DateField", "DateTimeField", "TimeField"])


def _needs_types(field: Any, connection: Any) -> bool:
    """Whether the declared type of a field's column makes of its values what the field itself would not."""
    declared = (field.db_type(connection) or "").replace("(", " ").partition(" ")[0]
    return declared.upper() in dqlitepy.converters and field.get_internal_type() not in _CONVERTED


class _Telling:
    """To be inherited before one of Django's compilers."""

    connection: Any
    select: Any = None

    def yielded(self) -> Iterable[Any]:
        """Returns the fields of the columns that the compiled statement yields."""
        for expression, *_ in self.select or ():
            with suppress(FieldError, AttributeError):  # it has none
                yield expression.output_field

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the statement."""
        with self.connection.running(self):
            return super().execute_sql(*args, **kwargs)  # type: ignore[misc]

    def needs_types(self) -> bool:
        """Whether the statement, once compiled, yields what only declared types turn into Python's values."""
        return any(_needs_types(field, self.connection) for field in self.yielded())


class SQLCompiler(_Telling, compiler.SQLCompiler):
    """Compiles a SELECT."""


class SQLInsertCompiler(_Telling, compiler.SQLInsertCompiler):
    """Compiles an INSERT."""

    def yielded(self) -> Iterable[Any]:
        return self.returning_fields or ()


class SQLDeleteCompiler(_Telling, compiler.SQLDeleteCompiler):
    """Compiles a DELETE."""


class SQLUpdateCompiler(_Telling, compiler.SQLUpdateCompiler):
    """Compiles an UPDATE."""


class SQLAggregateCompiler(_Telling, compiler.SQLAggregateCompiler):
    """Compiles a SELECT of aggregates."""
