# SPDX-License-Identifier: Apache-2.0
"""The dialect for asyncio: `create_async_engine("dqlite+aio:///data")`."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from sqlalchemy import pool
from sqlalchemy.connectors.asyncio import (
    AsyncAdapt_dbapi_connection,
    AsyncAdapt_dbapi_module,
    AsyncAdapt_terminate,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, DBAPIModule
from sqlalchemy.util.concurrency import await_only

import dqlitepy
from dqlitepy import aio
from dqlitepy.sqlalchemy.dialect import Dialect, ExecutionContext


class AdaptedConnection(AsyncAdapt_terminate, AsyncAdapt_dbapi_connection):
    """An `aio.Connection` as the synchronous part of SQLAlchemy sees it."""

    __slots__ = ()

    @property
    def isolation_level(self) -> str | None:
        """What begins transactions, None for autocommit; see `aio.Connection.isolation_level`."""
        return cast("aio.Connection", self._connection).isolation_level

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        cast("aio.Connection", self._connection).isolation_level = level

    async def _terminate_graceful_close(self) -> None:
        await cast("aio.Connection", self._connection).close()

    def _terminate_force_close(self) -> None:
        cast("aio.Connection", self._connection)._release()


class AdaptedModule(AsyncAdapt_dbapi_module):
    """dqlitepy, but for connections, which are adapted ones of `dqlitepy.aio`."""

    def __init__(self) -> None:
        # Not the base's, which SQLAlchemy 2.0 does not have and which in 2.1 keeps these two.
        self.driver = aio
        self.dbapi_module = dqlitepy

    def __getattr__(self, name: str) -> Any:
        return getattr(dqlitepy, name)

    def connect(self, *args: Any, **options: Any) -> AdaptedConnection:
        """Opens a connection; as for every asyncio dialect, `async_creator_fn` may make it."""
        connect = options.pop("async_creator_fn", aio.connect)
        return AdaptedConnection(self, await_only(connect(*args, **options)))


class AsyncExecutionContext(ExecutionContext):
    """Takes a cursor that streams where the result is to; other cursors of asyncio have all rows at once."""

    def create_server_side_cursor(self) -> DBAPICursor:
        return cast(DBAPICursor, cast(AdaptedConnection, self._dbapi_connection).cursor(server_side=True))


class AsyncDialect(Dialect):
    """SQLite's SQL over `dqlitepy.aio`."""

    driver = "aio"
    is_async = True
    has_terminate = True
    supports_statement_cache = True
    execution_ctx_cls = AsyncExecutionContext

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        return cast(DBAPIModule, AdaptedModule())

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.AsyncAdaptedQueuePool

    def get_driver_connection(self, connection: DBAPIConnection) -> Any:
        return cast(AdaptedConnection, connection)._connection

    def do_terminate(self, dbapi_connection: DBAPIConnection) -> None:
        cast(AdaptedConnection, dbapi_connection).terminate()

    def _temporary_directory(self) -> str:
        return await_only(asyncio.to_thread(super()._temporary_directory))
