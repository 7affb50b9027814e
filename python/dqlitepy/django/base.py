# SPDX-License-Identifier: Apache-2.0
"""The database wrapper, where Django begins with a backend."""

from __future__ import annotations

import datetime
import decimal
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLiteWrapper
from django.utils.asyncio import async_unsafe
from django.utils.dateparse import parse_date, parse_datetime, parse_time

import dqlitepy
from dqlitepy.django import _nodes, _pools
from dqlitepy.django._cursor import Cursor
from dqlitepy.django._loss import NoticesLoss
from dqlitepy.django.client import DatabaseClient
from dqlitepy.django.creation import DatabaseCreation
from dqlitepy.django.features import DatabaseFeatures
from dqlitepy.django.operations import DatabaseOperations

_T = TypeVar("_T")

_NOT_OURS = ("USER", "HOST", "PORT")
_DJANGOS = ("autocommit", "isolation_level", "check_same_thread", "uri", "factory")


def _of_text(parse: Callable[[str], _T]) -> Callable[[bytes], _T]:
    return lambda stored: parse(stored.decode())


# As Django registers them with sqlite3, so that rows of raw SQL are the same.
dqlitepy.register_converter("bool", b"1".__eq__)
dqlitepy.register_converter("date", _of_text(parse_date))
dqlitepy.register_converter("time", _of_text(parse_time))
dqlitepy.register_converter("datetime", _of_text(parse_datetime))
dqlitepy.register_converter("timestamp", _of_text(parse_datetime))
dqlitepy.register_adapter(decimal.Decimal, str)
dqlitepy.register_adapter(datetime.date, datetime.date.isoformat)
dqlitepy.register_adapter(datetime.datetime, lambda value: value.isoformat(" "))


class DatabaseWrapper(NoticesLoss, SQLiteWrapper):
    """SQLite's SQL over dqlitepy.

    `vendor` stays "sqlite", so that what Django and others know of SQLite by that name holds: `as_sqlite`, conditions
    in migrations, the limits of fields.
    """

    Database = dqlitepy
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    ops_class = DatabaseOperations

    _pool_options: dict[str, Any] | None = None
    _lease: _pools.Lease | None = None
    _compiler: Any = None

    def get_connection_params(self) -> dict[str, Any]:
        """Returns the arguments of `connect`.

        Raises:
            ImproperlyConfigured: the settings ask for what there is not.
        """
        settings = self.settings_dict
        if given := [name for name in _NOT_OURS if settings.get(name)]:
            raise self._refused(
                f"{', '.join(given)} means nothing here. The nodes stand in NAME, "
                "'dqlite://host:port,host:port/database'; certificates (OPTIONS 'tls') tell who may connect"
            )
        if given := [name for name in _DJANGOS if name in settings["OPTIONS"]]:
            raise self._refused(f"OPTIONS cannot have {', '.join(given)}: that is Django's to decide")
        parameters: dict[str, Any] = super().get_connection_params()
        parameters["database"] = os.fspath(parameters["database"])
        pool = parameters.pop("pool", None)
        if pool and settings["CONN_MAX_AGE"] != 0:
            raise self._refused("with OPTIONS 'pool' the pool keeps connections, so CONN_MAX_AGE must be 0")
        self._pool_options = _pools.checked(pool, self._refused)
        return parameters

    def _refused(self, reason: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"settings.DATABASES[{self.alias!r}]: {reason}.")

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> dqlitepy.Connection:
        """Connects, or takes a connection out of the pool."""
        options = {**conn_params}
        database = _nodes.hold(options.pop("database"), self.alias)
        if self._pool_options is None:
            connection = dqlitepy.connect(database, **options)
        else:
            self._lease = _pools.lend(self.alias, database, options, self._pool_options)
            connection = self._lease.connection
        try:
            for command in self.init_commands:
                if command.strip():
                    connection.execute(command)
        except BaseException:
            self._give_back(connection)
            raise
        return connection

    def _give_back(self, connection: dqlitepy.Connection) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            connection.close()
        else:
            lease.end()

    def create_cursor(self, name: str | None = None) -> Cursor:
        """Returns a new cursor."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.compiler = self._compiler
        return cursor

    @contextmanager
    def running(self, compiler: Any) -> Iterator[None]:
        """Tells the cursors that are made in this block that they run what `compiler` has compiled."""
        former, self._compiler = self._compiler, compiler
        try:
            yield
        finally:
            self._compiler = former

    def _close(self) -> None:
        self._lost = None
        if self.connection is not None:
            with self.wrap_database_errors:
                self._give_back(self.connection)

    def close_pool(self) -> None:
        """Closes the pool of this alias in this process, if it has one."""
        _pools.close(self.alias)

    def get_database_version(self) -> tuple[int, ...]:
        """Returns the version of SQLite on the node that answers."""
        self.ensure_connection()
        ((version,),) = self.connection.execute("SELECT sqlite_version()")
        return tuple(map(int, version.split(".")))

    def is_usable(self) -> bool:
        """Tells whether the connection answers: it may find another leader of the cluster for that."""
        try:
            self.connection.execute("SELECT 1").fetchall()
        except dqlitepy.Error:
            return False
        return True

    def disable_constraint_checking(self) -> bool:
        """Returns whether foreign keys are not checked from now on; inside a transaction that cannot change."""
        disabled: bool = super().disable_constraint_checking()
        if self._lease is not None and disabled:
            self._lease.spoilt = True
        return disabled

    def is_in_memory_db(self) -> bool:
        """Returns False: a temporary database, too, is there for all threads, and stays when connections close."""
        return False

    @async_unsafe
    def close(self) -> None:
        """Closes the connection, or gives it back to the pool."""
        self.validate_thread_sharing()
        BaseDatabaseWrapper.close(self)
