# SPDX-License-Identifier: Apache-2.0
"""Both engines behind one call, so that each test of SQL runs by the sync dialect and by the asyncio one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, create_engine, event, select
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_T = TypeVar("_T")

# As the wheel's entry points do; Bazel's tests run from the source tree, which has none.
registry.register("dqlite", "dqlitepy.sqlalchemy.dialect", "Dialect")
registry.register("dqlite.aio", "dqlitepy.sqlalchemy.aio", "AsyncDialect")

DRIVERS = ("dqlite", "dqlite+aio")

TABLE = Table("t", MetaData(), Column("x", Integer, unique=True))


def url_of(directory: Path, driver: str = "dqlite") -> str:
    """Returns the URL of an embedded directory."""
    return f"{driver}:///{directory}"


class Database(Protocol):
    """A database that work is done on."""

    engine: Engine

    def run(self, work: Callable[[Connection], _T]) -> _T:
        """Does work in a transaction of its own and returns what it returns."""

    def connected(self, work: Callable[[Connection], _T]) -> _T:
        """Does work on a connection, which is rolled back afterwards, and returns what it returns."""

    def close(self) -> None:
        """Closes all connections."""


class Sync:
    """By `create_engine`."""

    def __init__(self, url: str, **options: Any) -> None:
        self.engine = create_engine(url, **options)

    def run(self, work: Callable[[Connection], _T]) -> _T:
        with self.engine.begin() as connection:
            return work(connection)

    def connected(self, work: Callable[[Connection], _T]) -> _T:
        with self.engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        self.engine.dispose()


class Async:
    """By `create_async_engine`, on an event loop of its own."""

    def __init__(self, url: str, **options: Any) -> None:
        self.asyncio: AsyncEngine = create_async_engine(url, **options)
        self.engine = self.asyncio.sync_engine
        self.runner = asyncio.Runner()

    def run(self, work: Callable[[Connection], _T]) -> _T:
        async def begun() -> _T:
            async with self.asyncio.begin() as connection:
                return await connection.run_sync(work)

        return self.runner.run(begun())

    def connected(self, work: Callable[[Connection], _T]) -> _T:
        async def connected() -> _T:
            async with self.asyncio.connect() as connection:
                return await connection.run_sync(work)

        return self.runner.run(connected())

    def close(self) -> None:
        try:
            self.runner.run(self.asyncio.dispose())
        finally:
            self.runner.close()


def database_of(url: str, **options: Any) -> Database:
    """Returns the database with a URL, by the kind of engine that its driver needs."""
    return (Async if url.startswith("dqlite+aio:") else Sync)(url, **options)


def statements(engine: Engine) -> list[str]:
    """Returns a list that each statement is added to when it goes to the driver."""
    seen: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _seen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    return seen


def add(connection: Connection, number: int) -> None:
    """Adds a row to TABLE."""
    connection.execute(TABLE.insert(), {"x": number})


def numbers(database: Database) -> list[int]:
    """Returns what has been committed to TABLE, as another connection sees it."""
    return database.connected(lambda connection: list(connection.scalars(select(TABLE.c.x).order_by(TABLE.c.x))))
