# SPDX-License-Identifier: Apache-2.0
"""Reflection of what SQLAlchemy's SQLite dialect leaves out.

Alembic's batch mode makes a table again from what was reflected, so what is left out is lost there: an index on an
expression, the order DESC, a collation, AUTOINCREMENT, a generated column in its short form, what a constraint that
stands with its column does ON DELETE, its name, and that it is UNIQUE behind a type with parentheses.
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
    def get_pk_constraint(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the primary key, by its name however that is quoted."""
        key = super().get_pk_constraint(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        names = [each.name for each in self._constraints("PRIMARY", connection, table_name, schema, **kw)]
        return {**key, "name": names[0] if names else None}

    @reflection.cache
    def get_foreign_keys(self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Returns the foreign keys, those that stand with their column like the others."""
        keys: dict[int, dict[str, Any]] = {}
        # SQLite numbers them from the last to the first.
        rows = self._get_table_pragma(connection, "foreign_key_list", table_name, schema=schema)  # type: ignore[no-untyped-call]
        for number, _, table, column, referred, on_update, on_delete, *_ in sorted(
            rows, key=lambda row: (-row[0], row[1])
        ):
            if number not in keys:
                actions = {"onupdate": on_update, "ondelete": on_delete}
                keys[number] = {
                    "name": None,
                    "constrained_columns": [],
                    "referred_schema": schema,
                    "referred_table": table,
                    "referred_columns": [] if referred else self._primary_key(connection, table, schema, **kw),
                    "options": {when: what for when, what in actions.items() if what != "NO ACTION"},
                }
            keys[number]["constrained_columns"].append(column)
            if referred:
                keys[number]["referred_columns"].append(referred)
        defined = self._constraints("FOREIGN", connection, table_name, schema, **kw)
        for key, definition in zip(keys.values(), defined, strict=True):
            key["name"] = definition.name
            if definition.deferrable is not None:
                key["options"]["deferrable"] = definition.deferrable
            if definition.initially is not None:
                key["options"]["initially"] = definition.initially
        return list(keys.values()) or reflection.ReflectionDefaults.foreign_keys()

    def _primary_key(self, connection: Connection, table_name: str, schema: str | None, **kw: Any) -> list[str]:
        """Returns the columns that a reference without columns means; none where the table is not there yet."""
        try:
            return list(self.get_pk_constraint(connection, table_name, schema, **kw)["constrained_columns"])
        except NoSuchTableError:
            return []

    @reflection.cache
    def get_unique_constraints(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Returns the constraints that are UNIQUE, those that stand with their column like the others."""
        implicit = {
            tuple(column.lower() for column in index["column_names"]): index["column_names"]
            for index in self.get_indexes(connection, table_name, schema, include_auto_indexes=True, **kw)
            if index["name"].startswith(_IMPLICIT)
        }
        found = [
            {"name": each.name, "column_names": implicit.pop(each.columns)}
            for each in self._constraints("UNIQUE", connection, table_name, schema, **kw)
            if each.columns in implicit
        ]
        return found or reflection.ReflectionDefaults.unique_constraints()

    @reflection.cache
    def get_check_constraints(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """Returns the conditions, over however many lines, and none out of a comment."""
        found = [
            {"sqltext": each.condition, "name": each.name}
            for each in self._constraints("CHECK", connection, table_name, schema, **kw)
        ]
        found.sort(key=lambda check: check["name"] or "~")  # as SQLite's dialect does: those without a name at the end
        return found or reflection.ReflectionDefaults.check_constraints()

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
        sql, parts = "", columns
        if not name.startswith(_IMPLICIT):
            sql = self._create_index(connection, table_name, name, schema)
            parts = _ddl.elements(sql)[0]
            # A column with a collation is an expression to SQLAlchemy.
            columns = [None if _ddl.is_collated(part) else column for column, part in zip(columns, parts, strict=True)]
        index: dict[str, Any] = {"name": name, "column_names": columns, "unique": bool(unique), "dialect_options": {}}
        sorting = {
            column: ("desc",) for column, row in zip(columns, keys, strict=True) if column is not None and row[3]
        }
        if sorting:
            index["column_sorting"] = sorting
        if None in columns:
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

    def _constraints(
        self, kind: str, connection: Connection, table_name: str, schema: str | None, **kw: Any
    ) -> list[_ddl.Constraint]:
        """Returns what a table defines of one kind."""
        defined = _ddl.constraints(self._create_table(connection, table_name, schema, **kw))
        return [constraint for constraint in defined if constraint.kind == kind]

    def _create_table(self, connection: Connection, table_name: str, schema: str | None, **kw: Any) -> str:
        """Returns the statement that made a table; "" for a view, a virtual table and one of SQLite's own."""
        sql: str | None = self._get_table_sql(connection, table_name, schema, **kw)  # type: ignore[no-untyped-call]
        return sql if sql and sql[: len("CREATE TABLE")].upper() == "CREATE TABLE" else ""
