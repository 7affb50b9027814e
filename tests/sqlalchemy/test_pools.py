# SPDX-License-Identifier: Apache-2.0
"""Engines and the nodes behind them: who shares one, when it starts and when it stops."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from pathlib import Path

import dqlitepy
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.sqlalchemy.engines import DRIVERS, database_of, url_of
from tests.support import HANG, run_python

COUNT = sa.text("SELECT count(*) FROM t")

ENDLESS = sa.text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


def running(directory: Path) -> bool:
    """Tells whether a node has the directory: another process could not open it."""
    program = """
        import sys, dqlitepy
        try:
            dqlitepy.connect(sys.argv[1]).close()
        except dqlitepy.OperationalError as error:
            assert "process" in str(error), error
            print("held")
    """
    return run_python(program, str(directory)) == "held\n"


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_node_runs_until_the_engine_is_disposed_of(tmp_path: Path, driver: str) -> None:
    directory = tmp_path / "data"
    database = database_of(url_of(directory, driver))
    assert not directory.exists()  # an engine connects with its first use
    database.run(lambda connection: connection.exec_driver_sql("CREATE TABLE t (x)"))
    assert running(directory)
    database.close()
    assert not running(directory)


def test_an_engine_that_was_disposed_of_begins_anew(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    engine.dispose()
    with engine.connect() as connection:
        assert connection.scalar(COUNT) == 0


def test_engines_of_one_directory_share_its_node(tmp_path: Path) -> None:
    one, two = sa.create_engine(url_of(tmp_path / "data")), sa.create_engine(url_of(tmp_path / "." / "data"))
    with one.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
    with two.connect() as connection:
        assert connection.scalar(COUNT) == 1
    one.dispose()
    with two.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        assert connection.scalar(COUNT) == 2
    two.dispose()


def test_an_async_engine_and_a_plain_one_share_a_node(tmp_path: Path) -> None:
    async def main() -> None:
        engine = create_async_engine(url_of(tmp_path / "data", "dqlite+aio"))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (x)")
        plain = sa.create_engine(url_of(tmp_path / "data"))
        with plain.connect() as sync:
            assert sync.scalar(COUNT) == 0
        plain.dispose()
        await engine.dispose()

    asyncio.run(main())


def test_memory_is_one_database_for_the_whole_engine() -> None:
    engine, other = sa.create_engine("dqlite://"), sa.create_engine("dqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    counts: list[object] = []

    def count() -> None:
        with engine.connect() as connection:
            counts.append(connection.scalar(COUNT))

    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    count()
    assert counts == [0, 0]
    with other.connect() as connection, pytest.raises(sa.exc.OperationalError, match="no such table"):
        connection.scalar(COUNT)
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
def test_memory_goes_with_the_engine(driver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    database = database_of(f"{driver}://")
    database.run(lambda connection: connection.exec_driver_sql("CREATE TABLE t (x)"))
    assert list(tmp_path.iterdir())
    database.close()
    assert not list(tmp_path.iterdir())


def test_memory_and_asyncio() -> None:
    async def main() -> None:
        engine = create_async_engine("dqlite+aio://", connect_args={"timeout": HANG})
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (x)")

        async def add(number: int) -> None:
            async with engine.begin() as connection:
                await connection.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))

        await asyncio.gather(*map(add, range(10)))
        async with engine.connect() as connection:
            assert await connection.scalar(COUNT) == 10
        await engine.dispose()

    asyncio.run(main())


def test_a_task_that_is_cancelled(tmp_path: Path) -> None:
    """Its statement ends on the server too, and what it had written is rolled back."""

    async def main() -> None:
        engine = create_async_engine(url_of(tmp_path / "data", "dqlite+aio"), pool_size=1, max_overflow=0)
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (x)")
        written = asyncio.Event()

        async def never_ends() -> None:
            async with engine.begin() as connection:
                await connection.exec_driver_sql("INSERT INTO t VALUES (1)")
                written.set()
                await connection.execute(ENDLESS)

        task = asyncio.create_task(never_ends())
        await written.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The only connection of the pool is free, and so is the lock of the writer.
        async with engine.begin() as connection:
            assert await connection.scalar(COUNT) == 0
            await connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        await engine.dispose()

    asyncio.run(main())


def test_threads(tmp_path: Path) -> None:
    """A connection goes from thread to thread; writers take turns."""
    engine = sa.create_engine(url_of(tmp_path / "data"), pool_timeout=HANG, connect_args={"timeout": HANG})
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x INTEGER PRIMARY KEY)")

    def add(first: int) -> None:
        for number in range(first, first + 10):
            with engine.begin() as connection:
                connection.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))

    threads = [threading.Thread(target=add, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.scalar(COUNT) == 80
    engine.dispose()


def test_what_a_user_left_in_a_connection_is_undone(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        first = connection.connection.dbapi_connection
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is first
        assert not sa.inspect(connection).has_table("t")


def test_a_fork_takes_nothing_along(tmp_path: Path) -> None:
    """A child that uses its parent's engine is told so; one that was forked before the first use has its own."""
    program = """
        import logging, os, sys
        import sqlalchemy as sa
        import dqlitepy
        import tests.sqlalchemy.engines

        engine = sa.create_engine(sys.argv[1])
        early = os.fork()
        if early == 0:  # nothing of dqlitepy runs yet
            with sa.create_engine(sys.argv[1] + "2").connect() as connection:
                assert connection.scalar(sa.select(1)) == 1
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(early, 0)[1]) == 0
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
        late = os.fork()
        if late == 0:
            logging.disable()  # the pool tells that it could not reset the connection either
            try:
                with engine.connect() as connection:
                    connection.scalar(sa.select(1))
            except sa.exc.ProgrammingError as error:
                os._exit(0 if type(error.orig) is dqlitepy.ForkError else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(late, 0)[1]) == 0
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
        engine.dispose()
        print("done")
    """
    # Python itself warns of a fork beside threads.
    options = ("-W", "error", "-W", "ignore::DeprecationWarning")
    assert run_python(program, url_of(tmp_path / "data"), options=options) == "done\n"


def test_a_program_that_ends_without_dispose(tmp_path: Path) -> None:
    program = """
        import sys
        import sqlalchemy as sa
        import tests.sqlalchemy.engines

        engine = sa.create_engine(sys.argv[1])
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
        print("done")
    """
    assert run_python(program, url_of(tmp_path / "data"), options=()) == "done\n"
    engine = sa.create_engine(url_of(tmp_path / "data"))
    with engine.connect() as connection:
        assert connection.scalar(COUNT) == 0
    engine.dispose()


def test_a_directory_that_another_process_has(tmp_path: Path) -> None:
    with dqlitepy.connect(tmp_path / "data") as con:
        program = """
            import sys
            import sqlalchemy as sa
            import tests.sqlalchemy.engines

            try:
                sa.create_engine(sys.argv[1]).connect()
            except sa.exc.OperationalError as error:
                print(error.orig)
        """
        assert str(os.getpid()) in run_python(program, url_of(tmp_path / "data"))
    con.close()


def test_without_a_pool(tmp_path: Path) -> None:
    engine = sa.create_engine(url_of(tmp_path / "data"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    assert not running(tmp_path / "data")
    with engine.connect() as connection:
        assert connection.scalar(COUNT) == 0
