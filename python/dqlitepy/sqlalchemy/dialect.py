# SPDX-License-Identifier: Apache-2.0
"""The dialect for threads: `create_engine("dqlite:///data")`."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import event, pool, text, types, util
from sqlalchemy.dialects.sqlite.base import SQLiteExecutionContext
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, DBAPIModule
from sqlalchemy.exc import ArgumentError

import dqlitepy
from dqlitepy.errors import AmbiguousCommitError, LeadershipLostError, NotLeaderError
from dqlitepy.sqlalchemy._memory import TemporaryDatabase
from dqlitepy.sqlalchemy._reflection import ReflectingDialect
from dqlitepy.sqlalchemy._types import DECLARED, DateTime, Numeric, Time, TypeCompiler
from dqlitepy.sqlalchemy._url import MEMORY, connect_arguments

AUTOCOMMIT = "AUTOCOMMIT"

# What begins a transaction at each isolation level. All of them are serializable. One that begins DEFERRED stops
# nobody, but cannot write once another one has committed since it read; one that begins IMMEDIATE is the only writer.
BEGIN: dict[str, str | None] = {"SERIALIZABLE": "DEFERRED", "IMMEDIATE": "IMMEDIATE", AUTOCOMMIT: None}
_LEVEL_OF_BEGIN = {"DEFERRED": "SERIALIZABLE", "": "IMMEDIATE", "IMMEDIATE": "IMMEDIATE", "EXCLUSIVE": "IMMEDIATE"}

# Messages of errors that have no class of their own.
_GONE = (
    "Cannot operate on a closed database",
    "this connection is broken",
    "the open transaction is gone",  # with a statement that was interrupted and could not be ended
    "temporary tables and ATTACHed databases are gone",  # which those who wait for the "connect" event may have made
)


class ExecutionContext(SQLiteExecutionContext):
    """Every cursor of dqlitepy streams: rows are fetched as they are asked for."""

    def create_server_side_cursor(self) -> DBAPICursor:
        return self._dbapi_connection.cursor()


class Dialect(ReflectingDialect):
    """SQLite's SQL over dqlitepy.

    `name` stays "sqlite", so that all that knows SQLite by that name goes on to do so: types with a variant for it,
    `sqlite_where` and its like, `@compiles(…, "sqlite")`, Alembic.
    """

    driver = "dqlitepy"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_server_side_cursors = True
    supports_sane_rowcount_returning = True
    returns_native_bytes = True
    execution_ctx_cls = ExecutionContext
    type_compiler_cls = TypeCompiler
    ischema_names = util.update_copy(ReflectingDialect.ischema_names, DECLARED)
    colspecs = util.update_copy(
        ReflectingDialect.colspecs,
        {types.DateTime: DateTime, types.Time: Time, types.Numeric: Numeric, types.Float: types.Float},
    )

    def __init__(self, *, dbapi: DBAPIModule | None = None, **options: Any) -> None:
        # SQLite's dialect asks the module for SQLite's version, which loads the library; and a process that forks after
        # that cannot use dqlitepy in the child. Servers make their engines before they fork.
        super().__init__(**options)
        self.dbapi = dbapi
        self._temporary = TemporaryDatabase()

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        return cast(DBAPIModule, dqlitepy)

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.QueuePool

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        event.listen(engine, "engine_disposed", lambda disposed: disposed.dialect._temporary.release())

    def create_connect_args(self, url: URL) -> tuple[list[Any], dict[str, Any]]:
        database, options = connect_arguments(url)
        # The pool hands connections from thread to thread.
        return [database], {"check_same_thread": False, "isolation_level": BEGIN["SERIALIZABLE"], **options}

    def connect(self, database: Any, **options: Any) -> DBAPIConnection:
        if options.get("autocommit", dqlitepy.LEGACY_TRANSACTION_CONTROL) != dqlitepy.LEGACY_TRANSACTION_CONTROL:
            # With True a commit would do nothing to the transaction that SQLAlchemy has begun.
            raise ArgumentError(
                "connect_args cannot have autocommit: SQLAlchemy begins and ends the transactions. To commit each "
                'statement by itself, use create_engine(isolation_level="AUTOCOMMIT")'
            )
        if database == MEMORY:
            database = self._temporary_directory()
        connection: DBAPIConnection = self.loaded_dbapi.connect(database, **options)
        return connection

    def _temporary_directory(self) -> str:
        return self._temporary.directory()

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        version: str = connection.scalar(text("SELECT sqlite_version()"))
        return tuple(map(int, version.split(".")))

    def get_isolation_level_values(self, dbapi_connection: DBAPIConnection) -> list[Any]:
        return list(BEGIN)

    def set_isolation_level(self, dbapi_connection: DBAPIConnection, level: str) -> None:
        dbapi_connection.isolation_level = BEGIN[level]

    def get_isolation_level(self, dbapi_connection: DBAPIConnection) -> Any:
        begin = dbapi_connection.isolation_level
        return AUTOCOMMIT if begin is None else _LEVEL_OF_BEGIN[begin]

    def get_default_isolation_level(self, dbapi_connection: DBAPIConnection) -> Any:
        return self.get_isolation_level(dbapi_connection)

    def detect_autocommit_setting(self, dbapi_connection: DBAPIConnection) -> bool:
        return dbapi_connection.isolation_level is None

    def do_begin(self, dbapi_connection: Any) -> None:
        begin = dbapi_connection.isolation_level
        if begin is not None:
            dbapi_connection.execute(f"BEGIN {begin or 'IMMEDIATE'}")

    def is_disconnect(self, error: Exception, connection: Any, cursor: Any) -> bool:
        """Tells whether the connection, its transaction or what was temporary in it is gone.

        Not so after AmbiguousCommitError, though the link to the leader is: the connection finds the next leader by
        itself, and helpers that run a unit of work again after a disconnect must not do so.
        """
        if isinstance(error, AmbiguousCommitError):
            return False
        if isinstance(error, LeadershipLostError | NotLeaderError):
            return True
        return isinstance(error, dqlitepy.Error) and any(words in str(error) for words in _GONE)
