# SPDX-License-Identifier: Apache-2.0
"""Answers that are cut, lengths that lie, and answers that nobody asked for."""

from __future__ import annotations

import asyncio
import resource
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from select import select

import dqlitepy
import pytest
from dqlitepy import aio

from tests.hostile.client import connect
from tests.hostile.server import Asked, Peer, Server, behave, failure, names, page, result, row, says, says_and_hangs_up
from tests.protocol import MORE, Response, Type, frame, header, word
from tests.support import HANG, run_python

WRITE = "INSERT INTO t VALUES (1)"
READ = "SELECT x FROM t"
MEGABYTE = 1_000_000


def resident() -> int:
    """Returns how many bytes of memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@pytest.mark.parametrize(
    ("sql", "reply"),
    [
        (WRITE, result()),
        (WRITE, failure(2067, "UNIQUE")),
        (WRITE + " RETURNING x", page(1, 2)),
        (READ, page(1, 2)),
    ],
    ids=["result", "failure", "returning", "rows"],
)
def test_the_end_at_each_byte_of_an_answer(server: Server, sql: str, reply: bytes) -> None:
    for size in range(len(reply)):
        con = connect(server.address)
        sent = len(server.statements())
        server.arm(says_and_hangs_up(reply[:size]))
        if sql == READ:  # runs again, on a new connection
            assert con.execute(sql).fetchall() == [(1,)]
            assert len(server.statements()) == sent + 2
        else:
            with pytest.raises(dqlitepy.AmbiguousCommitError):
                con.execute(sql)
            assert len(server.statements()) == sent + 1
        con.close()


@pytest.mark.parametrize("reply", [result(), failure(2067, "UNIQUE constraint failed: t.x"), page(*range(9))])
def test_an_answer_byte_by_byte(server: Server, con: dqlitepy.Connection, reply: bytes) -> None:
    def drips(peer: Peer, asked: Asked) -> None:
        for byte in reply:
            peer.send(bytes([byte]))

    server.arm(drips)
    if reply == result():
        assert con.execute(WRITE).rowcount == 1
    elif reply == page(*range(9)):
        assert con.execute(READ).fetchall() == [(n,) for n in range(9)]
    else:
        with pytest.raises(dqlitepy.IntegrityError, match=r"^UNIQUE constraint failed: t\.x$"):
            con.execute(WRITE)


@pytest.mark.parametrize(
    "lie",
    [
        header(Response.ROWS, 2**32 - 1),
        header(Response.ROWS, 2**28),
        header(Response.FAILURE, 2**32 - 1),
        header(Response.ROWS, 2**20) + names(b"x") + row((Type.BLOB, word(2**62))),
        frame(Response.ROWS, word(32767) + bytes(32767 * 8) + row(*[(Type.INTEGER, word(1))] * 32767) + MORE),
    ],
    ids=[
        "all the words there are",
        "as many as there may be",
        "a failure",
        "a blob",
        "as many columns as there may be",
    ],
)
def test_a_length_that_lies_takes_no_memory(server: Server, con: dqlitepy.Connection, lie: bytes) -> None:
    before = resident()
    server.arm(says_and_hangs_up(lie, bytes(MEGABYTE)))
    with suppress(dqlitepy.OperationalError):
        con.execute(READ).fetchall()
    assert resident() - before < 64 * MEGABYTE


@pytest.mark.parametrize(
    ("kind", "words", "most"),
    [(Response.ROWS, 2**28 + 1, 2**31), (Response.FAILURE, 2**32 - 1, 2**31), (Response.RESULT, 2**17 + 1, 2**20)],
)
def test_an_answer_that_no_server_can_give_is_refused(
    server: Server, con: dqlitepy.Connection, kind: Response, words: int, most: int
) -> None:
    server.arm(says_and_hangs_up(header(kind, words)))
    told = rf"promises an answer of {words * 8} bytes \(type {kind:d}\), where at most {most} are possible"
    with pytest.raises(dqlitepy.OperationalError, match=told):
        con.execute(READ)
    assert con.execute(READ).fetchall() == [(1,)]


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from tests.hostile.client import connect
con = connect(sys.argv[1])
con.execute("SELECT x FROM t").fetchall()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 800_000_000,) * 2)  # threads want some, too
for sql in ("SELECT large", "SELECT x FROM t"):
    try:
        print(con.execute(sql).fetchall())
    except Exception as error:
        print(type(error).__name__, error)
con.close()
"""


def test_an_answer_that_memory_has_no_room_for_is_an_error(server: Server) -> None:
    """And not the end of the process, as Go has it where it finds none."""

    def answer(peer: Peer, asked: Asked) -> None:
        if asked.sql != "SELECT large":
            behave(peer, asked)
            return
        peer.send(header(Response.ROWS, 2**27))
        for _ in range(1024):
            peer.send(bytes(MEGABYTE))

    server.answer = answer
    refused, after = run_python(LITTLE_MEMORY, server.address).splitlines()
    assert refused.startswith("OperationalError") and "no memory for an answer of 1073741832 bytes" in refused
    assert after == "[(1,)]"


def test_a_large_answer_gives_its_memory_back(server: Server, con: dqlitepy.Connection) -> None:
    value = bytes(32 * MEGABYTE)
    server.arm(says(frame(Response.ROWS, names(b"x") + row((Type.BLOB, word(len(value)) + value)) + b"\xff" * 8)))
    before = resident()
    assert con.execute(READ).fetchall() == [(value,)]
    for _ in range(3):
        con.execute(READ)
    assert resident() - before < 100 * MEGABYTE


def answers_twice(peer: Peer, asked: Asked) -> None:
    """Answers as it should and once more, at once: what comes later cannot be told from the next request's answer."""
    peer.send((page(1) if asked.sql == READ else result()) * 2)


@pytest.mark.parametrize("first", [READ, WRITE, "COMMIT"])
@pytest.mark.parametrize("second", [READ, WRITE])
def test_an_answer_too_many_is_no_answer_to_the_next_statement(
    server: Server, con: dqlitepy.Connection, first: str, second: str
) -> None:
    if first == "COMMIT":
        con.execute("BEGIN")
    server.arm(answers_twice)
    con.execute(first)
    sent = len(server.statements())
    with pytest.raises(dqlitepy.OperationalError, match="answer no request: nothing was written") as caught:
        con.execute(second)
    assert type(caught.value) is dqlitepy.OperationalError
    assert len(server.statements()) == sent


@asynccontextmanager
async def behind_an_answer(
    server: Server, happens: Callable[[Peer, Asked], None], *, told: bool
) -> AsyncIterator[aio.Connection]:
    """A connection of an event loop, and what has happened on it since its last statement.

    Args:
        happens: what the server does.
        told: whether the loop has been told of that; otherwise it has been busy.
    """
    go_on = threading.Event()

    def answers(peer: Peer, asked: Asked) -> None:
        behave(peer, asked)
        go_on.wait(HANG)
        happens(peer, asked)

    try:
        async with aio.connect(f"dqlite://{server.address}/main", isolation_level=None) as con:
            await con.execute(READ)
            server.arm(answers)
            await con.execute(READ)
            go_on.set()
            assert select([con._poller._descriptor], [], [], HANG)[0]
            for _ in range(3 if told else 0):
                await asyncio.sleep(0)
            yield con
    finally:
        go_on.set()


@pytest.mark.parametrize("second", [READ, WRITE])
def test_an_answer_too_many_between_two_statements_of_an_event_loop(server: Server, second: str) -> None:
    async def use() -> None:
        async with behind_an_answer(server, behave, told=True) as con:
            sent = len(server.statements())
            with pytest.raises(dqlitepy.OperationalError, match="answer no request: nothing was written"):
                await con.execute(second)
            assert len(server.statements()) == sent

    asyncio.run(use())


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("second", [READ, WRITE])
def test_a_server_that_left_between_two_statements_of_an_event_loop(server: Server, second: str, told: bool) -> None:
    """A loop that is busy is not told; what cannot be repeated is not sent all the same."""

    async def use() -> None:
        async with behind_an_answer(server, lambda peer, asked: peer.hang_up(), told=told) as con:
            await con.execute(second)
            assert server.statements().count(second) == (3 if second == READ else 1)

    asyncio.run(use())


def test_an_answer_too_many_within_a_transaction(server: Server, con: dqlitepy.Connection) -> None:
    con.execute("BEGIN")
    server.arm(answers_twice)
    con.execute(WRITE)
    with pytest.raises(dqlitepy.LeadershipLostError, match="nothing of it was committed"):
        con.execute("COMMIT")
    assert "COMMIT" not in server.statements()


@pytest.mark.parametrize("ending", [Peer.hang_up, Peer.reset])
def test_a_server_that_left_between_two_statements(
    server: Server, con: dqlitepy.Connection, ending: Callable[[Peer], None]
) -> None:
    """What is not sent is not ambiguous: it runs on a new connection."""
    answered, left = threading.Event(), threading.Event()

    def leaves(peer: Peer, asked: Asked) -> None:
        behave(peer, asked)
        answered.wait()
        ending(peer)
        left.set()

    server.arm(leaves)
    con.execute(WRITE)
    answered.set()
    left.wait()
    con.execute(WRITE)
    assert server.statements() == [WRITE, WRITE]


def test_a_page_behind_the_last_one(server: Server, con: dqlitepy.Connection) -> None:
    server.arm(says(page(1), page(2)))
    assert con.execute(READ).fetchall() == [(1,)]
    with pytest.raises(dqlitepy.OperationalError, match="answer no request"):
        con.execute(READ)


def test_pages_that_never_have_a_row(server: Server, con: dqlitepy.Connection) -> None:
    def endless(peer: Peer, asked: Asked) -> None:
        while True:
            peer.send(page(more=True))

    server.arm(endless)
    with pytest.raises(dqlitepy.OperationalError, match="give them shorter ones by AS"):
        con.execute(READ)


@pytest.mark.parametrize("sql", [WRITE + " RETURNING x", "UPDATE t SET x = ? RETURNING x"])
def test_pages_that_never_have_a_row_of_a_write(server: Server, con: dqlitepy.Connection, sql: str) -> None:
    def endless(peer: Peer, asked: Asked) -> None:
        if "?" in asked.sql and asked.kind != 9:
            behave(peer, asked)
            server.arm(endless)
            return
        while True:
            peer.send(page(more=True))

    server.arm(endless)
    with pytest.raises(dqlitepy.AmbiguousCommitError):
        if "?" in sql:
            con.executemany(sql, [(1,), (2,)])
        else:
            con.execute(sql)
