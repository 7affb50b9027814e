# SPDX-License-Identifier: Apache-2.0
"""dqlitepy for asyncio, with the surface of aiosqlite and without its threads.

    import asyncio
    from dqlitepy import aio

    async def main():
        async with aio.connect("data/") as con:
            await con.execute("CREATE TABLE IF NOT EXISTS t (name TEXT, n INTEGER)")
            await con.execute("INSERT INTO t VALUES (?, ?)", ("a", 1))
            await con.commit()
            async with con.execute("SELECT name, n FROM t") as cursor:
                async for name, n in cursor:
                    print(name, n)

    asyncio.run(main())

A connection belongs to the event loop that opens it, and runs one statement at a time: tasks that share one take turns.
Cancelling a task, as `asyncio.timeout` does, ends its statement.
"""

from typing import TYPE_CHECKING

from dqlitepy._sql.adapters import register_adapter
from dqlitepy._sql.converters import PARSE_COLNAMES, PARSE_DECLTYPES, register_converter
from dqlitepy.aio._looping import Result
from dqlitepy.aio.connection import Connection, connect
from dqlitepy.aio.cursor import Cursor
from dqlitepy.aio.pool import Pool
from dqlitepy.aio.retry import run_transaction
from dqlitepy.errors import (
    AmbiguousCommitError,
    DatabaseError,
    DataError,
    Error,
    ForkError,
    IntegrityError,
    InterfaceError,
    InternalError,
    LeadershipLostError,
    NoLeaderError,
    NotLeaderError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    StaleReadError,
    UnsupportedPlatformError,
    Warning,
)
from dqlitepy.rows import Row

if TYPE_CHECKING:
    from dqlitepy.aio.client import Client
    from dqlitepy.aio.node import Node

    sqlite_version = ""
    sqlite_version_info = (0, 0, 0)

__all__ = [
    "PARSE_COLNAMES",
    "PARSE_DECLTYPES",
    "AmbiguousCommitError",
    "Client",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Error",
    "ForkError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "LeadershipLostError",
    "NoLeaderError",
    "Node",
    "NotLeaderError",
    "NotSupportedError",
    "OperationalError",
    "Pool",
    "ProgrammingError",
    "Result",
    "Row",
    "StaleReadError",
    "UnsupportedPlatformError",
    "Warning",
    "connect",
    "paramstyle",
    "register_adapter",
    "register_converter",
    "run_transaction",
]

paramstyle = "qmark"


# Most programs have no use for what these bring in.
_MODULE_OF_NAME = {"Client": "dqlitepy.aio.client", "Node": "dqlitepy.aio.node"}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULE_OF_NAME:
        return getattr(import_module(_MODULE_OF_NAME[name]), name)
    if name in ("client", "node"):
        return import_module(f"dqlitepy.aio.{name}")
    if name in ("sqlite_version", "sqlite_version_info"):  # they read the library
        return getattr(import_module("dqlitepy._versions"), name)()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "client", "connection", "cursor", "node", "pool", "retry"})


# Completion by what is here should not find it.
del TYPE_CHECKING
