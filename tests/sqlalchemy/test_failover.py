# SPDX-License-Identifier: Apache-2.0
"""An engine on a cluster of three whose leader dies, and what becomes of a commit that nobody answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dqlitepy
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import PoolProxiedConnection

from tests.cluster.machines import Machines, address, quick, wait_for_voters
from tests.hostile.server import Asked, Peer, Server, behave, names, row
from tests.protocol import DONE, Response, frame, text
from tests.sqlalchemy.engines import DRIVERS, TABLE, Database, add, database_of, numbers, statements
from tests.support import HANG

_TEXT = 3


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Yields a cluster of three voters with a table."""
    with Machines(tmp_path_factory.mktemp("cluster"), 3) as machines:
        with_votes(machines)
        con = machines.connect()
        con.execute("CREATE TABLE t (x INTEGER)")
        con.commit()
        con.close()
        yield machines


@pytest.fixture(params=DRIVERS)
def database(request: pytest.FixtureRequest, machines: Machines) -> Iterator[Database]:
    """Yields an engine that knows the cluster as SQLAlchemy's URLs can say it, and an empty table."""
    first, *others = machines.addresses
    host, _, port = first.rpartition(":")
    url = sa.URL.create(request.param, host=host, port=int(port), database="main", query={"node": others})
    database = database_of(
        url.render_as_string(hide_password=False), pool_size=3, connect_args={"leader_timeout": HANG}
    )
    database.run(lambda connection: connection.execute(TABLE.delete()))
    yield database
    database.close()


def with_votes(machines: Machines) -> None:
    """Waits until all three nodes have a vote: without a third a cluster does not survive the loss of one."""
    client = machines.client()
    wait_for_voters(client, 3)


@contextmanager
def leader_killed_by(machines: Machines) -> Iterator[Callable[[], None]]:
    """Yields what kills the leader; at the end it runs again, so that the next test finds three whatever happened."""
    dead: list[str] = []

    def kill() -> None:
        dead.append(machines.client().leader().address)
        machines.at(dead[0]).kill()

    try:
        yield kill
    finally:
        for address in dead:
            node = machines.at(address)
            node.start()
            node.wait_ready()
        with_votes(machines)


def greet(peer: Peer, asked: Asked) -> None:
    """Behaves, and knows the version that a dialect asks for first."""
    if "sqlite_version" in asked.sql:
        peer.send(frame(Response.ROWS, names(b"v") + row((_TEXT, text(b"3.54.1"))) + DONE))
    else:
        behave(peer, asked)


def test_a_transaction_that_dies_with_the_leader(database: Database, machines: Machines) -> None:
    database.run(lambda connection: add(connection, 1))
    invalidated: list[object] = []
    sa.event.listen(database.engine, "invalidate", lambda *arguments: invalidated.append(arguments))
    seen = statements(database.engine)

    def work(connection: sa.Connection) -> None:
        add(connection, 2)
        kill_leader()
        with pytest.raises(sa.exc.OperationalError) as caught:
            add(connection, 3)
        assert type(caught.value.orig) is dqlitepy.LeadershipLostError
        assert caught.value.connection_invalidated
        assert connection.invalidated
        # Nothing runs in what the program still takes for its transaction.
        with pytest.raises(sa.exc.PendingRollbackError):
            add(connection, 4)
        connection.rollback()
        add(connection, 5)
        connection.commit()

    with leader_killed_by(machines) as kill_leader:
        database.connected(work)
    assert len(invalidated) <= 1
    assert seen == ["INSERT INTO t (x) VALUES (?)"] * 3
    assert numbers(database) == [1, 5]


def test_connections_in_the_pool(database: Database, machines: Machines) -> None:
    """Those that lay idle while the leader died serve as if nothing had been."""
    database.run(lambda connection: add(connection, 1))
    with leader_killed_by(machines) as kill_leader:
        kill_leader()
        database.run(lambda connection: add(connection, 2))
        assert numbers(database) == [1, 2]


def test_pre_ping(machines: Machines) -> None:
    engine = sa.create_engine(
        f"dqlite://{','.join(machines.addresses[:1])}/main?node={machines.addresses[1]}&node={machines.addresses[2]}",
        pool_pre_ping=True,
        pool_size=3,
        connect_args={"leader_timeout": HANG},
    )
    held: list[PoolProxiedConnection] = [engine.raw_connection() for _ in range(3)]
    for connection in held:
        connection.close()
    assert engine.pool.checkedin() == 3  # type: ignore[attr-defined]
    with leader_killed_by(machines) as kill_leader:
        kill_leader()
        for _ in range(4):
            with engine.begin() as one, engine.connect() as two:
                assert one.scalar(sa.select(1)) == two.scalar(sa.select(1)) == 1
    engine.dispose()


def test_pre_ping_with_asyncio(machines: Machines) -> None:
    host, *others = machines.addresses

    async def work(kill_leader: Callable[[], None]) -> None:
        engine = create_async_engine(
            f"dqlite+aio://{host}/main?node={others[0]}&node={others[1]}",
            pool_pre_ping=True,
            pool_size=3,
            connect_args={"leader_timeout": HANG},
        )
        held = [await engine.connect() for _ in range(3)]
        for connection in held:
            await connection.close()
        assert engine.pool.checkedin() == 3  # type: ignore[attr-defined]
        kill_leader()
        for _ in range(4):
            async with engine.begin() as one, engine.connect() as two:
                assert await one.scalar(sa.select(1)) == await two.scalar(sa.select(1)) == 1
        await engine.dispose()

    with leader_killed_by(machines) as kill_leader:
        asyncio.run(work(kill_leader))


def test_no_leader(machines: Machines) -> None:
    """Nothing is waited for longer than was asked, and the error names who was tried."""
    engine = sa.create_engine("dqlite://127.0.0.1:1/main?node=127.0.0.1:2", connect_args={"leader_timeout": 0.2})
    with pytest.raises(sa.exc.OperationalError, match=r"127\.0\.0\.1:1.*127\.0\.0\.1:2") as caught:
        engine.connect()
    assert type(caught.value.orig) is dqlitepy.NoLeaderError
    engine.dispose()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_cluster_with_certificates(driver: str, tmp_path: Path) -> None:
    at = address()
    host = at.rpartition(":")[0]
    folder = tmp_path / "my certificates"
    dqlitepy.make_certificates(folder, [host, "client"])
    node = dqlitepy.Node(
        tmp_path / "node",
        address=at,
        tls=dqlitepy.TLS(folder / f"{host}.pem", folder / f"{host}.key", folder / "ca.pem"),
        **quick(),
    )
    files = {"tls_cert": f"{folder}/client.pem", "tls_key": f"{folder}/client.key", "tls_ca": f"{folder}/ca.pem"}
    url = sa.URL.create(driver, host=host, port=int(at.rpartition(":")[2]), database="main", query=files)
    with node:
        node.wait_ready(HANG)
        database = database_of(url.render_as_string(hide_password=False))
        assert database.connected(lambda connection: connection.scalar(sa.select(1))) == 1
        database.close()
        without = database_of(f"{driver}://{at}/main", connect_args={"leader_timeout": 0.2})
        with pytest.raises(sa.exc.OperationalError) as caught:
            without.connected(lambda connection: connection.scalar(sa.select(1)))
        assert type(caught.value.orig) is dqlitepy.NoLeaderError
        without.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_commit_that_nobody_answered_is_told_of(driver: str) -> None:
    """It may have happened or not, so nothing runs it, or what was in it, a second time."""

    def answer(peer: Peer, asked: Asked) -> None:
        if asked.sql == "COMMIT":
            peer.reset()
        else:
            greet(peer, asked)

    with Server() as server:
        server.answer = greet
        database = database_of(f"{driver}://{server.address}/main", pool_pre_ping=True)
        database.connected(lambda connection: connection.scalar(sa.select(1)))
        server.answer = answer
        server.asked.clear()
        with pytest.raises(sa.exc.OperationalError) as caught:
            database.run(lambda connection: add(connection, 1))
        assert type(caught.value.orig) is dqlitepy.AmbiguousCommitError
        # What runs a unit of work again after a disconnect must not take this for one.
        assert not caught.value.connection_invalidated
        sent = [sql for sql in server.statements() if sql.startswith(("INSERT", "COMMIT")) or "INSERT" in sql]
        assert sum("INSERT" in sql for sql in sent) == 1
        assert sum(sql == "COMMIT" for sql in sent) == 1
        # The engine goes on.
        server.answer = greet
        database.run(lambda connection: add(connection, 2))
        assert sum("INSERT" in sql for sql in server.statements()) == 2
        database.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_write_in_autocommit_that_nobody_answered_is_told_of(driver: str) -> None:
    def answer(peer: Peer, asked: Asked) -> None:
        if asked.sql.startswith("INSERT"):
            peer.reset()
        else:
            greet(peer, asked)

    with Server() as server:
        server.answer = greet
        database = database_of(f"{driver}://{server.address}/main", isolation_level="AUTOCOMMIT")
        database.connected(lambda connection: connection.scalar(sa.select(1)))
        server.answer = answer
        with pytest.raises(sa.exc.OperationalError) as caught:
            database.connected(lambda connection: add(connection, 1))
        assert type(caught.value.orig) is dqlitepy.AmbiguousCommitError
        # What runs a unit of work again after a disconnect must not take this for one.
        assert not caught.value.connection_invalidated
        assert [sql for sql in server.statements() if "INSERT" in sql] == ["INSERT INTO t (x) VALUES (?)"]
        database.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_connection_whose_temporary_tables_are_gone_is_thrown_away(driver: str) -> None:
    """Another one takes its place, with what those who listen for it make in each."""

    def answer(peer: Peer, asked: Asked) -> None:
        peer.reset()

    with Server() as server:
        server.answer = greet
        database = database_of(f"{driver}://{server.address}/main")
        made: list[object] = []
        sa.event.listen(database.engine, "connect", lambda connection, record: made.append(connection))
        database.run(lambda connection: connection.execute(sa.text("CREATE TEMP TABLE x (y)")))
        server.answer = answer
        with pytest.raises(sa.exc.OperationalError, match="temporary tables") as caught:
            database.connected(lambda connection: connection.scalar(sa.select(1)))
        assert caught.value.connection_invalidated
        server.answer = greet
        database.connected(lambda connection: connection.scalar(sa.select(1)))
        assert len(made) == 2
        database.close()


def test_a_transaction_that_went_with_an_interrupted_statement() -> None:
    """Nothing runs outside of it that the program takes to be in it."""
    stalled = threading.Event()

    def answer(peer: Peer, asked: Asked) -> None:
        stalled.set()  # nothing comes, not even an answer to the interruption

    with Server() as server:
        server.answer = greet
        engine = sa.create_engine(f"dqlite://{server.address}/main")
        with engine.connect() as connection:
            add(connection, 1)
            server.answer = answer
            driver: dqlitepy.Connection = connection.connection.driver_connection  # type: ignore[assignment]

            def interrupt() -> None:
                stalled.wait()
                driver.interrupt()

            thread = threading.Thread(target=interrupt)
            thread.start()
            with pytest.raises(sa.exc.OperationalError, match="the open transaction is gone") as caught:
                connection.execute(sa.text("SELECT slow"))
            thread.join()
            assert caught.value.connection_invalidated
            with pytest.raises(sa.exc.PendingRollbackError):
                add(connection, 2)
        engine.dispose()
        assert sum("INSERT" in sql for sql in server.statements()) == 1
