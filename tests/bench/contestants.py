# SPDX-License-Identifier: Apache-2.0
"""Who is measured. A contestant has a method for each operation that it can do; each returns seconds or bytes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import dqlitepy
from dqlitepy import aio

from tests.bench import fresh_process
from tests.bench.workloads import EMBEDDED, OVER_TCP, SQLITE3, THREE_NODES

Parameters = Sequence[Sequence[Any]]


class Contestant(Protocol):
    """The least that a contestant does."""

    name: str

    def run(self, sql: str) -> None:
        """Runs a statement and commits it; nothing is measured."""

    def close(self) -> None:
        """Ends what the contestant has started."""


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Returns how long `work` takes."""
    start = perf_counter()
    work(*arguments)
    return perf_counter() - start


async def shared_by_tasks(connect: Callable[[], Awaitable[Any]], sql: str, parameters: Parameters, tasks: int) -> float:
    """Shares the runs of a statement out among tasks that have a connection each; returns how long that takes."""

    async def work(connection: Any, share: Parameters) -> None:
        for row in share:
            await (await connection.execute(sql, row)).fetchall()

    connections = [await connect() for _ in range(tasks)]
    start = perf_counter()
    await asyncio.gather(*(work(connection, parameters[i::tasks]) for i, connection in enumerate(connections)))
    elapsed = perf_counter() - start
    for connection in connections:
        await connection.close()
    return elapsed


class DatabaseApi:
    """A module of PEP 249: a connection of it, and how to open more."""

    def __init__(self, name: str, connect: Callable[[], Any]) -> None:
        self.name = name
        self._connect = connect
        self._connection = connect()

    def run(self, sql: str) -> None:
        self._connection.cursor().execute(sql)
        self._connection.commit()

    def fetch_all(self, sql: str) -> list[float]:
        """Reads a whole result into a list."""

        def work() -> None:
            cursor = self._connection.cursor()
            cursor.execute(sql)
            cursor.fetchall()

        return [seconds(work)]

    def each(self, sql: str, parameters: Parameters) -> list[float]:
        """Runs a statement once for each item of `parameters`, in autocommit; reads its rows."""
        self._set_autocommit(self._connection, True)
        try:
            return [seconds(_execute, self._connection, sql, row) for row in parameters]
        finally:
            self._set_autocommit(self._connection, False)

    def each_committed(self, sql: str, parameters: Parameters) -> list[float]:
        """Runs a statement once for each item of `parameters`, with its implicit BEGIN, and commits it."""

        def work(row: Sequence[Any]) -> None:
            _execute(self._connection, sql, row)
            self._connection.commit()

        return [seconds(work, row) for row in parameters]

    def many(self, sql: str, parameters: Parameters) -> list[float]:
        """Runs executemany in one transaction."""

        def work() -> None:
            self._connection.cursor().executemany(sql, parameters)
            self._connection.commit()

        return [seconds(work)]

    def close(self) -> None:
        self._connection.close()

    def _set_autocommit(self, connection: Any, autocommit: bool) -> None:
        connection.isolation_level = None if autocommit else ""


class Sqlite3Api(DatabaseApi):
    """What the standard library's module can do beyond PEP 249, and dqlitepy with it."""

    module: Any = sqlite3

    def iterate(self, sql: str) -> list[float]:
        """Reads a result row by row."""

        def work() -> None:
            for _ in self._connection.execute(sql):
                pass

        return [seconds(work)]

    def fetch_rows(self, sql: str) -> list[float]:
        """Reads a whole result into a list of Row."""
        self._connection.row_factory = self.module.Row
        try:
            return self.fetch_all(sql)
        finally:
            self._connection.row_factory = None

    def blob(self, size: int) -> list[float]:
        """Writes a blob, commits, and reads it back."""
        data = bytes(range(256)) * (size // 256)

        def work() -> None:
            self._connection.execute("INSERT OR REPLACE INTO blobs VALUES (1, ?)", (data,))
            self._connection.commit()
            [(found,)] = self._connection.execute("SELECT data FROM blobs WHERE id = 1").fetchall()
            assert len(found) == size

        return [seconds(work)]

    def together(self, sql: str, parameters: Parameters, threads: int) -> list[float]:
        """Shares the runs of a statement out among threads that have a connection each."""
        connections = [self._connect() for _ in range(threads)]
        for connection in connections:
            self._set_autocommit(connection, True)
        ready = threading.Barrier(threads + 1)
        failures: list[BaseException] = []

        def work(connection: Any, share: Parameters) -> None:
            try:
                ready.wait()
                for row in share:
                    _execute(connection, sql, row)
            except BaseException as failure:
                failures.append(failure)

        workers = [
            threading.Thread(target=work, args=(connection, parameters[i::threads]))
            for i, connection in enumerate(connections)
        ]
        for worker in workers:
            worker.start()
        ready.wait()
        start = perf_counter()
        for worker in workers:
            worker.join()
        elapsed = perf_counter() - start
        for connection in connections:
            connection.close()
        if failures:
            raise failures[0]
        return [elapsed]

    def beside(self, sql: str, parameters: Parameters, query: str, readers: int) -> list[float]:
        """Runs a statement once for each item of `parameters`, while threads run a query again and again."""
        done = threading.Event()

        def read() -> None:
            with closing(self._connect()) as connection:
                while not done.is_set():
                    connection.execute(query).fetchall()

        with ThreadPoolExecutor(readers) as pool:
            reading = [pool.submit(read) for _ in range(readers)]
            try:
                figures = self.each(sql, parameters)
            finally:
                done.set()
        for reader in reading:
            reader.result()  # one that failed early would have left the writer alone
        return [sum(figures)]


class Sqlite3(Sqlite3Api):
    """The standard library, in WAL mode and with a commit that survives a power loss, as dqlite's does."""

    def __init__(self, directory: Path) -> None:
        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(directory / "sqlite3.db", check_same_thread=False, timeout=60)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            return connection

        super().__init__(SQLITE3, connect)

    def first_row(self) -> list[float]:
        """Opens a database that did not exist, and reads a row."""
        return [fresh_process.figure(fresh_process.FIRST_ROW_OF_SQLITE3)]

    def import_time(self) -> list[float]:
        """Imports the module in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.IMPORT, "sqlite3")]

    def import_of_connect_time(self) -> list[float]:
        """Imports the module and what `connect` needs in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.IMPORT_AND_CONNECT, "sqlite3")]

    def memory_of_start(self) -> list[float]:
        """Opens a database in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.MEMORY_OF_START, "sqlite3")]

    def memory_of_stream(self, rows: int) -> list[float]:
        """Reads a long result row by row in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.MEMORY_OF_STREAM, "sqlite3", str(rows))]


class Dqlitepy(Sqlite3Api):
    """dqlitepy: what it can do beyond `sqlite3`."""

    module = dqlitepy

    def __init__(self, name: str, target: Path | str | dqlitepy.Node) -> None:
        self._target = target
        super().__init__(name, lambda: dqlitepy.connect(target, check_same_thread=False, timeout=60))

    def tasks(self, sql: str, parameters: Parameters, tasks: int) -> list[float]:
        """Shares the runs of a statement out among tasks of asyncio that have a connection each."""

        def connect() -> Awaitable[Any]:
            return aio.connect(self._target, isolation_level=None)

        return [asyncio.run(shared_by_tasks(connect, sql, parameters, tasks))]


class Embedded(Dqlitepy):
    """dqlitepy, with a node in this process."""

    def __init__(self, directory: Path) -> None:
        super().__init__(EMBEDDED, directory / "dqlitepy")

    def first_row(self) -> list[float]:
        """Starts a node in a fresh directory, and reads a row."""
        return [fresh_process.figure(fresh_process.FIRST_ROW_OF_DQLITEPY)]

    def import_time(self) -> list[float]:
        """Imports the module in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.IMPORT, "dqlitepy")]

    def import_of_connect_time(self) -> list[float]:
        """Imports the module and what `connect` needs in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.IMPORT_AND_CONNECT, "dqlitepy")]

    def memory_of_start(self) -> list[float]:
        """Starts a node in a fresh interpreter."""
        return [fresh_process.figure(fresh_process.MEMORY_OF_START, "dqlitepy")]

    def memory_of_stream(self, rows: int) -> list[float]:
        """Reads a long result row by row in a fresh interpreter that holds the node, too."""
        return [fresh_process.figure(fresh_process.MEMORY_OF_STREAM, "dqlitepy", str(rows))]


class OverTcp(Dqlitepy):
    """dqlitepy, with a node in another process."""

    def __init__(self, address: str) -> None:
        super().__init__(OVER_TCP, f"dqlite://{address}/dqlitepy")


class ThreeNodes(Dqlitepy):
    """dqlitepy, with a cluster of three nodes on this machine: all in this process, so as to have the leader's, too."""

    def __init__(self, directory: Path, addresses: Sequence[str]) -> None:
        self._nodes = ExitStack()
        first, *others = (
            dqlitepy.Node(directory / f"node{number}", address=address, join=addresses[:number])
            for number, address in enumerate(addresses)
        )
        for node in (first, *others):
            self._nodes.enter_context(node).wait_ready()
        super().__init__(THREE_NODES, first)

    def close(self) -> None:
        super().close()
        self._nodes.close()


def _execute(connection: Any, sql: str, parameters: Sequence[Any]) -> None:
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    if cursor.description is not None:
        cursor.fetchall()
