# SPDX-License-Identifier: Apache-2.0
"""What the client does by itself for servers without our patches: nothing that would kill, block or confuse one."""

from __future__ import annotations

import dqlitepy
import pytest

from tests.hostile.client import connect
from tests.hostile.server import Asked, Peer, Server, behave, failure, page, result, says
from tests.protocol import Request, Response, frame, word
from tests.support import HANG

YIELDS_ROWS = [
    "SELECT x FROM t",
    "  -- a comment\n/* and another */ SELECT 1",
    "VALUES (1), (2)",
    "WITH r AS (SELECT 1) SELECT * FROM r",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN QUERY PLAN DELETE FROM t",
    "PRAGMA user_version",
    "PRAGMA table_info(t)",
    "PRAGMA user_version = 7",
    "INSERT INTO t VALUES (1) RETURNING x",
    "insert into t values (1) returning x",
    "REPLACE INTO t VALUES (1) RETURNING x",
    "UPDATE t SET x = 1 /* ; */ RETURNING x",
    "DELETE FROM t RETURNING *",
    "WITH r AS (SELECT 1) INSERT INTO t SELECT * FROM r RETURNING x",
]
YIELDS_NONE = [
    "INSERT INTO t VALUES (1)",
    "INSERT INTO t VALUES (' RETURNING x')",
    'UPDATE t SET "returning" = 1',
    "DELETE FROM t",
    "CREATE TABLE u (x)",
    "BEGIN",
    "SAVEPOINT s",
    "VACUUM",
]


def kinds_of(server: Server, sql: str) -> list[Request]:
    """Returns by which requests a statement came; what precedes it may have been cut off."""
    return [asked.kind for asked in server.asked if asked.sql and (sql.endswith(asked.sql) or sql in asked.sql)]


@pytest.mark.parametrize("way", ["execute", "executescript", "execute within"])
@pytest.mark.parametrize("sql", YIELDS_ROWS)
def test_what_yields_rows_is_queried(server: Server, con: dqlitepy.Connection, sql: str, way: str) -> None:
    """By EXEC, INSERT … RETURNING and a write behind it abort the process of a stock server."""
    if way == "execute within":
        con.isolation_level = ""
    (con.executescript if way == "executescript" else con.execute)(sql)
    assert kinds_of(server, sql) == [Request.QUERY_SQL]


@pytest.mark.parametrize("way", ["execute", "executescript"])
@pytest.mark.parametrize("sql", YIELDS_NONE)
def test_what_yields_no_rows_is_executed(server: Server, con: dqlitepy.Connection, sql: str, way: str) -> None:
    (con.execute if way == "execute" else con.executescript)(sql)
    assert kinds_of(server, sql) == [Request.EXEC_SQL]


def test_each_statement_of_a_script_goes_alone(server: Server, con: dqlitepy.Connection) -> None:
    """By one EXEC_SQL, rows that one of them yields would be an error behind those before it, which have run."""
    con.executescript("INSERT INTO t VALUES (1); SELECT x FROM t; DELETE FROM t RETURNING x; UPDATE t SET x = ';' -- ;")
    assert [(asked.kind, asked.sql.strip(" ;")) for asked in server.asked if "changes()" not in asked.sql] == [
        (Request.EXEC_SQL, "INSERT INTO t VALUES (1)"),
        (Request.QUERY_SQL, "SELECT x FROM t"),
        (Request.QUERY_SQL, "DELETE FROM t RETURNING x"),
        (Request.EXEC_SQL, "UPDATE t SET x = ';'"),
    ]


def test_many_rows_of_what_yields_rows_are_queried(server: Server, con: dqlitepy.Connection) -> None:
    con.executemany("INSERT INTO t VALUES (?) RETURNING x", [(1,), (2,)])
    assert Request.EXEC not in [asked.kind for asked in server.asked]


def test_one_result_streams_at_a_time(server: Server, con: dqlitepy.Connection) -> None:
    """A stock server mixes the rows of two; so the first is read to its end before the second is asked for."""
    pages = 4

    def streams(peer: Peer, asked: Asked) -> None:
        for number in range(pages):
            peer.send(page(*range(number * 50_000, (number + 1) * 50_000), more=number < pages - 1))

    server.arm(streams)
    first = con.execute("SELECT x FROM t")
    assert first.fetchone() == (0,)
    second = con.execute("SELECT x FROM u")
    con.execute("INSERT INTO t VALUES (1)")
    assert second.fetchall() == [(1,)]
    assert [x for (x,) in first] == list(range(1, 50_000 * pages))
    assert Request.INTERRUPT not in [asked.kind for asked in server.asked]


def test_a_result_that_is_dropped_is_ended_before_the_next_statement(server: Server, con: dqlitepy.Connection) -> None:
    """A stock server keeps the statement and its lock where nobody reads or interrupts the rest."""

    def streams(peer: Peer, asked: Asked) -> None:
        peer.send(page(*range(200_000), more=True))

    server.arm(streams)
    cursor = con.execute("SELECT x FROM t")
    cursor.fetchone()
    cursor.close()
    con.execute("INSERT INTO t VALUES (1)")
    assert [asked.kind for asked in server.asked] == [Request.QUERY_SQL, Request.INTERRUPT, Request.EXEC_SQL]


def test_rows_of_a_write_are_given_out_when_it_is_known_to_be_done(server: Server, con: dqlitepy.Connection) -> None:
    """Its rows come before the commit."""
    server.arm(says(page(*range(50_000), more=True), failure(10506, "leadership lost")))
    with pytest.raises(dqlitepy.AmbiguousCommitError):
        con.execute("INSERT INTO t VALUES (1) RETURNING x")


def test_a_begin_that_is_locked_out_lets_no_write_run_alone(server: Server) -> None:
    """A deferred BEGIN and its write in one text would wait without end for another writer on a stock server."""
    for level, texts in {
        "IMMEDIATE": ["BEGIN IMMEDIATE;\nINSERT INTO t VALUES (1)"],
        "DEFERRED": ["BEGIN DEFERRED", "INSERT INTO t VALUES (1)"],
    }.items():
        con = connect(server.address, isolation_level=level)
        server.asked.clear()
        con.execute("INSERT INTO t VALUES (1)")
        assert server.statements() == texts
        con.rollback()
        con.close()


@pytest.mark.parametrize("message", ["database is locked", "checkpoint in progress"])
def test_what_was_refused_is_asked_again_and_only_that(server: Server, message: str) -> None:
    con = connect(server.address, timeout=HANG)
    refusals = iter(range(3))

    def refuses(peer: Peer, asked: Asked) -> None:
        peer.send(failure(5, message) if next(refusals, None) is not None else result())

    server.answer = refuses
    assert con.execute("INSERT INTO t VALUES (1)").rowcount == 1
    assert server.statements() == ["INSERT INTO t VALUES (1)"] * 4
    server.answer = behave
    con.close()


def test_a_lock_that_stays_is_an_error_in_time(server: Server, con: dqlitepy.Connection) -> None:
    server.answer = says(failure(5, "database is locked"))
    with pytest.raises(dqlitepy.OperationalError, match="^database is locked$") as caught:
        con.execute("INSERT INTO t VALUES (1)")
    assert caught.value.sqlite_errorname == "SQLITE_BUSY"
    server.answer = behave
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_counters_of_another_statement_are_not_believed(server: Server, con: dqlitepy.Connection) -> None:
    """EXEC answers CREATE TABLE with the counters of the statement before it."""
    server.answer = says(result(last_insert_id=9, changes=9))
    cursor = con.execute("CREATE TABLE u (x)")
    assert (cursor.rowcount, con.total_changes) == (-1, 0)
    server.answer = behave


def test_a_server_that_tells_no_position_tells_the_rest() -> None:
    def answer(peer: Peer, asked: Asked) -> None:
        if asked.schema:
            peer.send(failure(1005, "unrecognized schema version"))
        else:
            peer.send(frame(Response.METADATA, word(3) + word(4)))

    with Server() as server:
        server.answer = answer
        told = dqlitepy.Client([server.address], timeout=HANG).describe(server.address)
        assert told == dqlitepy.NodeMetadata(failure_domain=3, weight=4, term=None, last_index=None, disk_bytes=None)
        assert [asked.kind for asked in server.asked] == [Request.DESCRIBE] * 2
