# SPDX-License-Identifier: Apache-2.0
"""The backend of Tortoise ORM: `{"engine": "dqlitepy.contrib.tortoise", "credentials": {"file_path": "data/"}}`.

`file_path` is the first argument of `dqlitepy.aio.connect`; all other credentials are PRAGMAs.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

import dqlitepy
from dqlitepy import aio

# As Tortoise does with sqlite3.
for _type in (datetime.date, datetime.datetime, decimal.Decimal):
    dqlitepy.register_adapter(_type, str)

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _translated(method: Callable[_P, Awaitable[_T]]) -> Callable[_P, Awaitable[_T]]:
    """Returns a method that raises Tortoise's exceptions; `__cause__` is dqlitepy's, which says more."""

    @wraps(method)
    async def translated(*arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return await method(*arguments, **named)
        except dqlitepy.OperationalError as error:
            raise OperationalError(error) from error
        except dqlitepy.IntegrityError as error:
            raise IntegrityError(error) from error

    return translated


class DqliteClient(SqliteClient):
    """A connection of Tortoise."""

    _connection: aio.Connection | None

    async def create_connection(self, with_db: bool) -> None:
        """Opens the connection, unless it is open, and sets the PRAGMAs."""
        if self._connection:
            return
        self._connection = con = await aio.connect(self.filename, isolation_level=None)
        con.row_factory = dqlitepy.Row
        for pragma, value in self.pragmas.items():
            await con.execute(f"PRAGMA {pragma}={value}")
        await self._post_connect()

    async def db_delete(self) -> None:
        """Refuses: a database of a cluster is not one connection's to delete.

        Raises:
            OperationalError: always.
        """
        raise OperationalError("a database of dqlite is not deleted by a client: drop its tables")

    def _in_transaction(self) -> SqliteTransactionContext:
        return SqliteTransactionContext(DqliteTransactionWrapper(self), self._lock)

    execute_insert = _translated(SqliteClient.execute_insert)
    execute_many = _translated(SqliteClient.execute_many)
    execute_query = _translated(SqliteClient.execute_query)
    execute_query_dict = _translated(SqliteClient.execute_query_dict)
    execute_script = _translated(SqliteClient.execute_script)


class DqliteTransactionWrapper(SqliteTransactionWrapper):
    """The connection inside a transaction, which begins with BEGIN IMMEDIATE."""

    execute_insert = _translated(SqliteClient.execute_insert)
    execute_many = _translated(SqliteTransactionWrapper.execute_many)
    execute_query = _translated(SqliteClient.execute_query)
    execute_query_dict = _translated(SqliteClient.execute_query_dict)
    execute_script = _translated(SqliteClient.execute_script)
    commit = _translated(SqliteTransactionWrapper.commit)

    async def begin(self) -> None:
        """Begins the transaction.

        Raises:
            TransactionManagementError: it cannot be begun.
        """
        try:
            await self._connection.commit()
            await self._connection.execute("BEGIN IMMEDIATE")
        except dqlitepy.OperationalError as error:
            raise TransactionManagementError(error) from error


client_class = DqliteClient
