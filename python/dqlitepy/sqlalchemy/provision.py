# SPDX-License-Identifier: Apache-2.0
"""What SQLAlchemy's test suite has to know of the databases that it is run on; it imports this beside the dialect."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL, Engine
from sqlalchemy.sql.dml import Insert
from sqlalchemy.sql.schema import Table
from sqlalchemy.testing.provision import (
    post_configure_testing_engine,
    stop_test_class_outside_fixtures,
    temp_table_keyword_args,
    upsert,
)


@post_configure_testing_engine.for_db("dqlite")  # type: ignore[untyped-decorator]
def _prepare_connections(url: URL | str, engine: Engine, options: Any, scope: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # The schema that tests use; no other than a temporary database can be attached.
        connection.execute("ATTACH '' AS test_schema")
        # On SQLite the suite makes references to what is not unique, which SQLite refuses where it enforces them.
        connection.execute("PRAGMA foreign_keys = OFF")


@stop_test_class_outside_fixtures.for_db("dqlite")  # type: ignore[untyped-decorator]
def _close_connections(config: Any, engine: Engine, tests: type) -> None:
    """Lets no test find what those before it left in temporary tables and attached databases."""
    engine.dispose()


@temp_table_keyword_args.for_db("dqlite")  # type: ignore[untyped-decorator]
def _temporary_table(config: Any, engine: Engine) -> dict[str, Any]:
    return {"prefixes": ["TEMPORARY"]}


@upsert.for_db("dqlite")  # type: ignore[untyped-decorator]
def _upsert(
    config: Any,
    table: Table,
    returning: Any,
    *,
    set_lambda: Any = None,
    sort_by_parameter_order: bool = False,
    index_elements: Any = None,
) -> Insert:
    statement = insert(table)
    if set_lambda is None:
        statement = statement.on_conflict_do_nothing(index_elements=index_elements)
    else:
        statement = statement.on_conflict_do_update(index_elements=index_elements, set_=set_lambda(statement.excluded))
    return statement.returning(*returning, sort_by_parameter_order=sort_by_parameter_order)
