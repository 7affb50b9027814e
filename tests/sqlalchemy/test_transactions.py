# SPDX-License-Identifier: Apache-2.0
"""Transactions, savepoints and isolation levels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
import sqlalchemy as sa

from tests.sqlalchemy.engines import DRIVERS, TABLE, Database, add, database_of, numbers, statements, url_of
from tests.support import HANG


@pytest.fixture(params=DRIVERS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yields a database with a table, whose locks are not waited for longer than nobody has to."""
    database = database_of(url_of(tmp_path / "data", request.param), connect_args={"timeout": 1.0})
    database.run(TABLE.create)
    yield database
    database.close()


def directory(database: Database) -> str:
    """Returns where the database is, for a connection beside the engine."""
    path = database.engine.url.database
    assert path is not None
    return path


def in_transaction(connection: sa.Connection) -> bool:
    """Returns what the server says, not what SQLAlchemy believes."""
    driver = connection.connection.driver_connection
    assert driver is not None
    return bool(driver.in_transaction)


def test_commit_and_rollback(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, 1)
        connection.commit()
        add(connection, 2)
        connection.rollback()
        add(connection, 3)
        connection.commit()
        add(connection, 4)  # is rolled back where the connection goes back to the pool

    database.connected(work)
    assert numbers(database) == [1, 3]


def test_an_error_rolls_back(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, 1)
        add(connection, 1)

    with pytest.raises(sa.exc.IntegrityError):
        database.run(work)
    assert numbers(database) == []


def test_tables_are_created_in_the_transaction(database: Database) -> None:
    """The standard library's driver would commit before DDL or begin too late."""
    other = sa.Table("other", sa.MetaData(), sa.Column("y", sa.Integer))

    def work(connection: sa.Connection) -> None:
        other.create(connection)
        connection.execute(other.insert(), {"y": 1})
        assert connection.scalar(sa.select(other.c.y)) == 1
        raise KeyError("undo")

    with pytest.raises(KeyError, match="undo"):
        database.run(work)
    assert database.connected(lambda connection: sa.inspect(connection).has_table("other")) is False


def test_savepoints(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        add(connection, 1)
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            add(connection, 2)
            add(connection, 1)
        with connection.begin_nested():
            add(connection, 3)
            with connection.begin_nested() as inner:
                add(connection, 4)
                inner.rollback()
            add(connection, 5)

    database.run(work)
    assert numbers(database) == [1, 3, 5]


def test_a_savepoint_that_comes_first_begins_a_transaction(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        with connection.begin_nested():
            add(connection, 1)
        connection.rollback()

    database.connected(work)
    assert numbers(database) == []


def test_autocommit(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        add(connection, 1)
        assert not in_transaction(connection)
        connection.rollback()
        with pytest.raises(sa.exc.IntegrityError):
            add(connection, 1)
        add(connection, 2)

    database.connected(work)
    assert numbers(database) == [1, 2]
    # The next user of the pooled connection has transactions again.
    database.connected(lambda connection: add(connection, 3))
    assert numbers(database) == [1, 2]


def test_levels(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        seen = [connection.get_isolation_level(), connection.default_isolation_level]
        connection.execution_options(isolation_level="SERIALIZABLE")
        add(connection, 1)
        assert in_transaction(connection)
        seen.append(connection.get_isolation_level())
        connection.commit()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        return [*seen, connection.get_isolation_level()]

    assert database.connected(work) == ["SERIALIZABLE", "SERIALIZABLE", "SERIALIZABLE", "AUTOCOMMIT"]
    assert database.connected(lambda connection: connection.get_isolation_level()) == "SERIALIZABLE"


def test_levels_that_dqlite_has_not_are_refused(database: Database) -> None:
    for level in ("READ COMMITTED", "REPEATABLE READ", "NONSENSE"):
        with pytest.raises(sa.exc.ArgumentError, match=level):
            database.connected(
                lambda connection, level=level: connection.execution_options(isolation_level=level)  # type: ignore[misc]
            )


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("autocommit", [True, False])
def test_the_driver_is_not_told_to_commit_by_itself(tmp_path: Path, driver: str, autocommit: bool) -> None:
    """With True its commit does nothing, which would leave open what SQLAlchemy has begun, and tell nobody."""
    database = database_of(url_of(tmp_path / "data", driver), connect_args={"autocommit": autocommit})
    with pytest.raises(sa.exc.ArgumentError, match='isolation_level="AUTOCOMMIT"'):
        database.run(TABLE.create)
    database.close()


def test_a_transaction_sees_one_state_to_its_end(database: Database) -> None:
    database.run(lambda connection: add(connection, 1))

    def work(connection: sa.Connection) -> list[list[int]]:
        query = sa.select(TABLE.c.x).order_by(TABLE.c.x)
        before = list(connection.scalars(query))
        outside = dqlitepy.connect(directory(database))
        outside.execute("INSERT INTO t VALUES (2)")
        outside.commit()
        outside.close()
        during = list(connection.scalars(query))
        connection.rollback()
        return [before, during, list(connection.scalars(query))]

    assert database.connected(work) == [[1], [1], [1, 2]]


def test_a_reader_does_not_keep_a_writer_away(database: Database) -> None:
    """A transaction takes the lock of writers with its first write, not with its first SELECT."""
    database.run(lambda connection: add(connection, 1))

    def work(connection: sa.Connection) -> None:
        assert connection.scalar(sa.select(TABLE.c.x)) == 1
        with dqlitepy.connect(directory(database), timeout=HANG) as outside:
            outside.execute("INSERT INTO t VALUES (2)")
        outside.close()

    database.connected(work)
    assert numbers(database) == [1, 2]


def test_two_writers(database: Database) -> None:
    """The second is told that the database is locked, and works once the first has ended."""

    def work(connection: sa.Connection) -> None:
        outside = dqlitepy.connect(directory(database))
        outside.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sa.exc.OperationalError, match="database is locked") as caught:
            add(connection, 2)
        assert not caught.value.connection_invalidated
        outside.commit()
        outside.close()
        connection.rollback()
        add(connection, 2)
        connection.commit()

    database.connected(work)
    assert numbers(database) == [1, 2]


def test_statements_of_a_transaction_are_those_of_the_program(database: Database) -> None:
    seen = statements(database.engine)
    database.run(lambda connection: add(connection, 1))
    assert seen == ["INSERT INTO t (x) VALUES (?)"]
