# SPDX-License-Identifier: Apache-2.0
"""Servers that let one wait: whatever they do, an interrupt ends the statement, and close() ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dqlitepy
import pytest

from tests.hostile.client import connect
from tests.hostile.server import EMPTY, Answer, Asked, Peer, Server, behave, page, result
from tests.protocol import Request, Response, header
from tests.support import HANG, finish, python

READ = "SELECT x FROM t"
WRITE = "INSERT INTO t VALUES (1)"
RETURNING = "INSERT INTO t VALUES (1) RETURNING x"
# How long a server may take to obey, before the connection to it is given up (a little less than cancelPatience).
OBEYED = 0.6


class Stalled:
    """Answers a statement with some bytes and then says nothing more, not even to INTERRUPT."""

    def __init__(self, *messages: bytes) -> None:
        self.reached = threading.Event()
        self._data = b"".join(messages)

    def __call__(self, peer: Peer, asked: Asked) -> None:
        peer.send(self._data)
        self.reached.set()
        while True:
            peer.read(1)


@contextmanager
def interrupting(con: dqlitepy.Connection, stalled: threading.Event) -> Iterator[None]:
    """Interrupts the connection once, when the server says nothing any more and the client waits for it."""

    def interrupt() -> None:
        stalled.wait()
        con.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    try:
        yield
    finally:
        stalled.set()
        thread.join()
    assert time.monotonic() - began < HANG


STALLS = {
    "nothing": b"",
    "half a header": page(1)[:4],
    "a header": page(1)[:8],
    "half a page": page(1)[:20],
    "all but a byte": page(1)[:-1],
    "a gigabyte to come": header(Response.ROWS, 2**27) + bytes(100_000),
    "a page, and no other": page(1, more=True),
    "a page and a half": page(1, more=True) + page(2)[:20],
}


@pytest.mark.parametrize("sent", STALLS.values(), ids=STALLS)
def test_interrupt_ends_a_select(server: Server, con: dqlitepy.Connection, sent: bytes) -> None:
    stalled = Stalled(sent)
    server.arm(stalled)
    with (
        interrupting(con, stalled.reached),
        pytest.raises(dqlitepy.OperationalError, match="^interrupted") as caught,
    ):
        con.execute(READ).fetchall()
    assert caught.value.sqlite_errorname == "SQLITE_INTERRUPT"
    assert con.execute(READ).fetchall() == [(1,)]  # on a new connection


@pytest.mark.parametrize(("sql", "sent"), [(WRITE, b""), (WRITE, result()[:9]), (RETURNING, page(1, more=True))])
def test_interrupt_ends_a_write_whose_outcome_nobody_knows(
    server: Server, con: dqlitepy.Connection, sql: str, sent: bytes
) -> None:
    stalled = Stalled(sent)
    server.arm(stalled)
    with interrupting(con, stalled.reached), pytest.raises(dqlitepy.AmbiguousCommitError, match="^interrupted"):
        con.execute(sql)


def test_interrupt_ends_a_commit_whose_outcome_nobody_knows(server: Server, con: dqlitepy.Connection) -> None:
    con.execute("BEGIN")
    stalled = Stalled()
    server.arm(stalled)
    with interrupting(con, stalled.reached), pytest.raises(dqlitepy.AmbiguousCommitError, match="^interrupted"):
        con.commit()
    assert not con.in_transaction


def test_interrupt_ends_rows_without_end(server: Server, con: dqlitepy.Connection) -> None:
    flowing = threading.Event()

    def flows(peer: Peer, asked: Asked) -> None:
        data = page(*range(1000), more=True)
        while True:
            peer.send(data)
            flowing.set()

    server.arm(flows)
    with interrupting(con, flowing), pytest.raises(dqlitepy.OperationalError, match="^interrupted"):
        for _ in con.execute(READ):
            pass


def test_interrupt_keeps_a_connection_whose_server_obeys(server: Server, con: dqlitepy.Connection) -> None:
    stalled = threading.Event()

    def obeys(peer: Peer, asked: Asked) -> None:
        peer.send(page(1, more=True))
        stalled.set()
        assert peer.request().kind == Request.INTERRUPT
        peer.send(page(2) + EMPTY)

    for _ in range(100):
        stalled.clear()
        server.arm(obeys)
        began = time.monotonic()
        with interrupting(con, stalled), pytest.raises(dqlitepy.OperationalError) as caught:
            con.execute(READ).fetchall()
        took = time.monotonic() - began
        assert con.execute(READ).fetchall() == [(1,)]
        if str(caught.value) == "interrupted":
            return
        assert took > OBEYED, caught.value  # this machine was so slow that the connection was rightly given up
    pytest.fail(f"the connection was given up each time: {caught.value}")


@pytest.mark.parametrize("sent", [page(*range(100_000), more=True), page(*range(100_000), more=True) + page(1)[:9]])
def test_close_does_not_wait_for_a_server_that_stalls(server: Server, sent: bytes) -> None:
    con = connect(server.address)
    server.arm(Stalled(sent))
    cursor = con.execute(READ)
    assert cursor.fetchone() == (0,)
    began = time.monotonic()
    con.close()
    assert time.monotonic() - began < HANG


def test_close_does_not_wait_for_a_rollback_that_never_comes(server: Server) -> None:
    con = connect(server.address)
    con.execute("BEGIN")
    server.arm(Stalled())
    began = time.monotonic()
    con.close()
    assert time.monotonic() - began < HANG
    assert server.statements() == ["BEGIN", "ROLLBACK"]


def test_a_server_that_stalls_keeps_no_socket(server: Server) -> None:
    """Also while it goes on stalling: what is read to its end in the background is given up some time."""
    before = len(os.listdir("/proc/self/fd"))
    con = connect(server.address)
    stalled = Stalled()
    server.arm(stalled)
    with interrupting(con, stalled.reached), pytest.raises(dqlitepy.AmbiguousCommitError):
        con.execute(WRITE)
    con.close()
    deadline = time.monotonic() + HANG
    while len(os.listdir("/proc/self/fd")) > before + 1 and time.monotonic() < deadline:  # the server's end
        time.sleep(0.05)
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_a_large_request_that_nobody_reads(server: Server) -> None:
    """What is not sent whole does not run."""
    sending, ended = threading.Event(), threading.Event()

    def does_not_read(peer: Peer, asked: Asked) -> None:
        server.is_alone(peer, asked)
        peer.read(8)
        sending.set()
        ended.wait()

    server.answer_cluster = does_not_read  # the last that is asked before a statement
    con = connect(server.address)
    try:
        with interrupting(con, sending), pytest.raises(dqlitepy.OperationalError, match="^interrupted") as caught:
            con.execute("INSERT INTO t VALUES (?)", (bytes(64_000_000),))
        assert type(caught.value) is dqlitepy.OperationalError
        assert "nothing was written" in str(caught.value)
    finally:
        ended.set()
        con.close()


PROGRAM = """
import signal, sys, threading, time
from tests.hostile.client import connect
con = connect(sys.argv[1])
if sys.argv[3] == "within":
    con.execute("BEGIN")
print("ready", flush=True)
try:
    try:
        con.execute(sys.argv[2])
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the second may be late
except KeyboardInterrupt:
    print("interrupted", flush=True)
try:
    con.execute("SELECT 1")
except Exception as error:
    print(type(error).__name__, error, flush=True)
else:
    print("it goes on", flush=True)
con.close()
print("closed", flush=True)
"""


@pytest.mark.parametrize(
    ("sql", "place", "times"),
    [(READ, "alone", 1), (READ, "alone", 2), (WRITE, "alone", 1), (WRITE, "within", 1), (WRITE, "within", 2)],
)
def test_ctrl_c_ends_a_statement_without_an_answer(server: Server, sql: str, place: str, times: int) -> None:
    """The second Ctrl-C comes while the client waits for what INTERRUPT brings."""
    stalled = Stalled()
    server.answer = _but_for(sql, stalled)
    process = python(PROGRAM, server.address, sql, place)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    stalled.reached.wait()
    began = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.stdout.readline() == "interrupted\n"
    assert time.monotonic() - began < HANG
    after = process.stdout.readline()
    if place == "within":
        assert after.startswith("LeadershipLostError the transaction that was open is gone")
    else:
        assert after == "it goes on\n"
    assert process.stdout.readline() == "closed\n"
    finish(process)


def test_a_second_ctrl_c_right_behind_the_first(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may come at any line: here before the first of what ends the statement."""
    stalled = Stalled()
    server.answer = _but_for(READ, stalled)
    con = connect(server.address)

    def again(*arguments: object) -> None:
        raise KeyboardInterrupt

    def press() -> None:
        if stalled.reached.wait(HANG):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("dqlitepy._native.waiting._cancel", again)
    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        con.execute(READ)
    thread.join()
    monkeypatch.undo()
    assert con.execute("SELECT 1").fetchall() == [(1,)]
    con.close()


def _but_for(sql: str, answer: Answer) -> Answer:
    def chooses(peer: Peer, asked: Asked) -> None:
        (answer if asked.sql == sql else behave)(peer, asked)

    return chooses
