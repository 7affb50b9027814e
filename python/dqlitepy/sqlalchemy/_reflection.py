# SPDX-License-Identifier: Apache-2.0
"""Reflection of what SQLAlchemy's SQLite dialect leaves out.

Alembic's batch mode makes a table again from what was reflected, so what is left out is lost there: an index on an
expression, the order DESC, a collation, AUTOINCREMENT, a generated column in its short form.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, text
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine import Connection, reflection
from sqlalchemy.exc import NoSuchTableError

from dqlitepy.sqlalchemy import _ddl

_IMPLICIT = "sqlite_autoindex"


class ReflectingDialect(SQLiteDialect):
    """SQLite's dialect, which knows all of SQLite's indexes and columns."""

    @reflection.cache
    def get_columns(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the columns, with collations, and with the expression of each generated one."""
        columns = super().get_columns(connection, table_name, schema=schema, **kw)  # type: ignore[no-untyped-call]
        if any("computed" in column or isinstance(column["type"], String) for column in columns):
            defined = _ddl.columns(self._create_table(connection, table_name, schema, **kw))
            for column in columns:
                definition = defined.get(column["name"].lower())
                if definition is None:
                    continue
                if definition.generated is not None and "computed" in column:
                    column["computed"]["sqltext"] = definition.generated
                if definition.collation is not None and isinstance(column["type"], String):
                    column["type"].collation = definition.collation
        return columns

    @reflection.cache
    def get_table_options(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the options of the table, AUTOINCREMENT among them."""
        options = super().get_table_options(connection, table_name, schema=schema, **kw)  # type: ignore[no-untyped-call]
        if _ddl.has_autoincrement(self._create_table(connection, table_name, schema, **kw)):
            return {**options, "sqlite_autoincrement": True}
        return options

    @reflection.cache
    def get_indexes(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the indexes; in `column_names` None stands for an expression, which `expressions` has."""
        implicit_too = kw.pop("include_auto_indexes", False)
        found = [
            self._index(connection, table_name, row, schema)
            for row in self._get_table_pragma(connection, "index_list", table_name, schema=schema)  # type: ignore[no-untyped-call]
            if implicit_too or not row[1].startswith(_IMPLICIT)
        ]
        if not found and not self.has_table(connection, table_name, schema):  # type: ignore[no-untyped-call]
            raise NoSuchTableError(f"{schema}.{table_name}" if schema else table_name)
        found.sort(key=lambda index: index["name"])
        return found or reflection.ReflectionDefaults.indexes()

    def _index(self, connection: Connection, table_name: str, listed: Any, schema: str | None) -> dict[str, Any]:
        _, name, unique, _, partial = listed
        rows = self._get_table_pragma(connection, "index_xinfo", name, schema=schema)  # type: ignore[no-untyped-call]
        keys = [row for row in rows if row[5]]  # without what SQLite appends to find the row
        columns = [row[2] for row in keys]
        index: dict[str, Any] = {"name": name, "column_names": columns, "unique": bool(unique), "dialect_options": {}}
        sorting = {row[2]: ("desc",) for row in keys if row[2] is not None and row[3]}
        if sorting:
            index["column_sorting"] = sorting
        if partial or None in columns:
            sql = self._create_index(connection, table_name, name, schema)
            if None in columns:
                parts = _ddl.elements(sql)[0]
                index["expressions"] = [
                    part if column is None else column for part, column in zip(parts, columns, strict=True)
                ]
            if partial:
                index["dialect_options"]["sqlite_where"] = text(_ddl.predicate(sql))
        return index

    def _create_index(self, connection: Connection, table_name: str, name: str, schema: str | None) -> str:
        schemas = ("main", "temp") if schema is None else (schema,)
        quote = self.identifier_preparer.quote_identifier
        tables = " UNION ALL ".join(f"SELECT * FROM {quote(each)}.sqlite_schema" for each in schemas)
        query = f"SELECT sql FROM ({tables}) WHERE type = 'index' AND name = ? AND lower(tbl_name) = lower(?)"
        return str(connection.exec_driver_sql(query, (name, table_name)).scalars().first())

    def _create_table(self, connection: Connection, table_name: str, schema: str | None, **kw: Any) -> str:
        """Returns the statement that made a table; "" for a view, a virtual table and one of SQLite's own."""
        sql: str | None = self._get_table_sql(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        return sql if sql and sql[: len("CREATE TABLE")].upper() == "CREATE TABLE" else ""
