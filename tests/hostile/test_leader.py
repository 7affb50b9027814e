# SPDX-License-Identifier: Apache-2.0
"""Servers that lie, or say nothing, while the leader is looked for."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import dqlitepy
import pytest

from tests.hostile.client import connect, refused
from tests.hostile.server import (
    EMPTY,
    Answer,
    Asked,
    Peer,
    Server,
    behave,
    failure,
    leader_at,
    members,
    result,
    says,
    says_and_hangs_up,
)
from tests.protocol import Request, Response, frame, header, text, word
from tests.support import HANG, despite_load, failure_of

NOISE = {
    "nothing": b"",
    "text": b"220 mail.example.org ESMTP\r\n",
    "a page of the web": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "an answer to no request": result(),
}


@pytest.mark.parametrize("greeting", NOISE.values(), ids=NOISE)
def test_something_else_listens_there(server: Server, greeting: bytes) -> None:
    def greet(peer: Peer) -> None:
        peer.send(greeting)
        peer.hang_up()

    server.greet = greet
    assert server.address in refused(server.address)


LEADER_ANSWERS: dict[str, tuple[Answer, str]] = {
    "hangs up": (says_and_hangs_up(), "closed the connection"),
    "half an answer": (says_and_hangs_up(leader_at("127.0.0.1:1")[:12]), "closed the connection"),
    "an address that does not end": (says(frame(Response.SERVER, word(1) + b"x" * 8)), "broke dqlite's protocol"),
    "the answer to INTERRUPT": (says(EMPTY), "broke dqlite's protocol"),
    "32 GiB are announced": (says_and_hangs_up(header(Response.SERVER, 2**32 - 1)), "broke dqlite's protocol"),
    "no leader": (says(leader_at("")), "knows no leader"),
    "an address that is none": (says(leader_at("no such address")), "no such address"),
    "control characters": (
        says(leader_at("\n\x1b[2J:1")),
        r'names "\\n\\x1b\[2J:1" as the leader, which is not an address',
    ),
    "not UTF-8": (says(frame(Response.SERVER, word(1) + text(b"\xff\xfe:9001"))), "which is not an address"),
    "nobody there": (says(leader_at("127.0.0.1:1")), "127.0.0.1:1: connect: connection refused"),
    "a refusal": (says(failure(10250, "not leader")), "it is not the leader"),
    "a refusal that cannot be read": (says(failure(2**63, "x")), "broke dqlite's protocol"),
}


@pytest.mark.parametrize("name", LEADER_ANSWERS)
def test_who_is_the_leader(server: Server, name: str) -> None:
    answer, message = LEADER_ANSWERS[name]
    server.follow(answer)
    assert re.search(message, refused(server.address))
    assert server.statements() == []


OPEN_ANSWERS: dict[str, tuple[Answer, str]] = {
    "hangs up": (says_and_hangs_up(), "closed the connection"),
    "a result": (says(result()), "broke dqlite's protocol"),
    "not the leader": (says(failure(10250, "not leader")), "it is not the leader"),
    "busy": (says(failure(5, "a database for this connection is already open")), r"already open \(code 5\)"),
    "an empty message": (says(header(Response.DATABASE, 0)), "broke dqlite's protocol"),
}


@pytest.mark.parametrize("name", OPEN_ANSWERS)
def test_the_database_does_not_open(server: Server, name: str) -> None:
    server.answer, message = OPEN_ANSWERS[name]
    assert re.search(message, refused(server.address))


@pytest.fixture
def other() -> Iterator[Server]:
    """A second server."""
    with Server() as running:
        yield running


def test_servers_that_name_each_other(server: Server, other: Server) -> None:
    """Each is asked in its turn; none is followed from one to the next without end."""
    server.answer_leader = says(leader_at(other.address))
    other.answer_leader = says(leader_at(server.address))
    server.answer = other.answer = says(failure(10250, "not leader"))
    assert re.search(f"it names {other.address} as the leader.*names {server.address}", refused(server.address))


def test_the_leader_that_is_named_is_taken(server: Server, other: Server) -> None:
    server.follow(says(leader_at(other.address)))
    con = connect(server.address)
    con.execute("INSERT INTO t VALUES (1)")
    con.close()
    assert server.statements() == []
    assert other.statements() == ["INSERT INTO t VALUES (1)"]


def test_a_server_that_stalls_leaves_time_for_the_next(server: Server, other: Server) -> None:
    server.follow(_stall)
    con = connect(server.address, other.address, leader_timeout=HANG)
    con.execute("INSERT INTO t VALUES (1)")
    con.close()
    assert other.statements() == ["INSERT INTO t VALUES (1)"]


def _stall(peer: Peer, asked: Asked) -> None:
    peer.read(1)  # until the client has gone


def test_nobody_answers_in_time(server: Server) -> None:
    server.follow(_stall)
    limit = 5.0  # of each server among several, which always takes that long
    deadline = time.monotonic() + HANG
    took = limit
    while took >= limit:  # this machine may be slow
        began = time.monotonic()
        assert began < deadline, took
        with pytest.raises(dqlitepy.NoLeaderError, match="it did not answer in time"):
            connect(server.address, leader_timeout=0.3)
        took = time.monotonic() - began


def test_an_election_is_waited_for(server: Server) -> None:
    refusals = iter(range(3))

    def answer(peer: Peer, asked: Asked) -> None:
        if asked.kind == Request.OPEN and next(refusals, None) is not None:
            peer.send(failure(10250, "not leader"))
        else:
            behave(peer, asked)

    server.answer = answer
    con = connect(server.address)
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]
    con.close()


def test_many_look_for_a_leader_that_is_none(server: Server) -> None:
    server.follow(says(leader_at("")))
    failures: list[BaseException] = []

    def look() -> None:
        try:
            connect(server.address, leader_timeout=0.3)
        except dqlitepy.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(error) for error in failures] == [dqlitepy.NoLeaderError] * 8


CLUSTER_ANSWERS: dict[str, Answer] = {
    "a refusal": says(failure(1, "unrecognized request format")),
    "no members": says(members()),
    "more members than bytes": says(frame(Response.SERVERS, word(2**60))),
    "a role that is none": says(frame(Response.SERVERS, word(1) + word(1) + text(b"127.0.0.1:1") + word(3))),
    "sockets of this machine": says(members((2, "@dqlite"), (3, "/run/dqlite.sock"), (4, "unix:x"))),
    "control characters": says(members((2, "\n\x1b[2J:1"))),
    "very many members": says(members(*((number, f"127.0.0.1:{number}") for number in range(1, 20_000)))),
}


@pytest.mark.parametrize("name", CLUSTER_ANSWERS)
def test_who_are_the_members(server: Server, name: str) -> None:
    """What a server says of others is no reason not to use it, and never leads to what is no address."""
    server.answer_cluster = CLUSTER_ANSWERS[name]
    con = despite_load(lambda: connect(server.address, leader_timeout=2.0))  # the error below takes it all
    assert con.execute("SELECT 1").fetchone() == (1,)
    server.follow(says(leader_at("")))
    server.answer = says_and_hangs_up()
    expected = [" connection refused"] if name == "very many members" else []
    told = failure_of(lambda _: con.execute("SELECT 1"), dqlitepy.NoLeaderError, *expected)
    con.close()
    others = told.count(" connection refused")
    assert 0 < others <= 256 if name == "very many members" else others == 0, told
    assert not [part for part in ("@", "\n", "\x1b", "sock", "unix") if part in told]


def test_members_that_were_not_told_are_asked_for_again(server: Server) -> None:
    """The second server is known from the second answer only, and must know a member that the first one knew."""
    with Server() as other:
        told = members((1, server.address), (2, other.address))
        answers = iter([failure(1, "not now"), told])
        server.answer_cluster = lambda peer, asked: peer.send(next(answers, told))
        con = connect(server.address, leader_timeout=HANG)
        con.execute("SELECT 1")
        server.close()
        other.answer_cluster = says(told)
        con.execute("SELECT 2")
        con.close()
        assert other.statements() == ["SELECT 2"]
