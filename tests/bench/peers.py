# SPDX-License-Identifier: Apache-2.0
"""The other ways from Python to dqlite, as the package index has them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Coroutine
from time import perf_counter
from typing import Any, TypeVar

from tests.bench.contestants import DatabaseApi, Parameters, shared_by_tasks
from tests.bench.workloads import CLIENT, DBAPI

_T = TypeVar("_T")


class DqliteDbapi(DatabaseApi):
    """PyPI's dqlite-dbapi."""

    def __init__(self, address: str) -> None:
        module = importlib.import_module("dqlitedbapi")
        super().__init__(DBAPI, lambda: module.connect(address, database="dbapi", max_total_rows=None, timeout=60.0))
        self._address = address

    def tasks(self, sql: str, parameters: Parameters, tasks: int) -> list[float]:
        """Shares the runs of a statement out among tasks of asyncio that have a connection each."""
        module = importlib.import_module("dqlitedbapi.aio")

        def connect() -> Awaitable[Any]:
            connecting: Awaitable[Any] = module.aconnect(
                self._address, database="dbapi", max_total_rows=None, timeout=60.0
            )
            return connecting

        return [asyncio.run(shared_by_tasks(connect, sql, parameters, tasks))]


class DqliteClient:
    """PyPI's dqlite-client, which knows asyncio only."""

    name = CLIENT

    def __init__(self, address: str) -> None:
        self._loop = asyncio.new_event_loop()
        module = importlib.import_module("dqliteclient")
        self._connection = self._wait(module.connect(address, database="client", max_total_rows=None, timeout=60.0))

    def run(self, sql: str) -> None:
        self._wait(self._connection.execute(sql))

    def fetch_all(self, sql: str) -> list[float]:
        """Reads a whole result into a list."""

        async def work() -> float:
            start = perf_counter()
            await self._connection.fetchall(sql)
            return perf_counter() - start

        return [self._wait(work())]

    def each(self, sql: str, parameters: Parameters) -> list[float]:
        """Runs a statement once for each item of `parameters`, in autocommit; reads its rows."""
        call = self._connection.fetchall if sql.startswith("SELECT") else self._connection.execute

        async def work() -> list[float]:
            figures = []
            for row in parameters:
                start = perf_counter()
                await call(sql, row)
                figures.append(perf_counter() - start)
            return figures

        return self._wait(work())

    def close(self) -> None:
        self._wait(self._connection.close())
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(work)
