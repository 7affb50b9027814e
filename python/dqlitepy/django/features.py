# SPDX-License-Identifier: Apache-2.0
"""What dqlite can do beyond, or unlike, the SQLite of Django's process."""

from __future__ import annotations

from django.db.backends.sqlite3.features import DatabaseFeatures as SQLiteFeatures


class DatabaseFeatures(SQLiteFeatures):
    """Django asks the sqlite3 module of its process for some of these; here the nodes' SQLite counts."""

    # The threads of a process share a node, and each has connections of its own.
    test_db_allows_multiple_connections = True
    can_alter_table_drop_column = True
    can_return_columns_from_insert = True
    can_return_rows_from_bulk_insert = True
    can_return_rows_from_update = True
    supports_aggregate_order_by_clause = True
    # Django asks the database, already in its checks; whoever loads the project before forking must not connect there.
    supports_json_field = True
