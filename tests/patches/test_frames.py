# SPDX-License-Identifier: Apache-2.0
"""No frame of a client ends a node: it is answered, by an error where it makes no sense, or its connection is closed.

Each row has a node of its own, which must still commit afterwards, and stop cleanly (the fixture looks after that).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.patches.node import NodeProcess
from tests.patches.wire import Client, leader_request
from tests.protocol import Request, Response, frame, header, padded, text

CLOSED = "closed"

HELLO = struct.pack("<Q", 1)
LEGACY_HELLO = struct.pack("<Q", 0x86104DD760433FE5)
MOST = 2**64 - 1
STRANGER = 4242  # no member has this number
LONGEST_ADDRESS = 255

Outcome = tuple["Response | str", ...]

FAILURE, STATEMENT, EMPTY, RESULT, ROWS = (
    Response.FAILURE,
    Response.STATEMENT,
    Response.EMPTY,
    Response.RESULT,
    Response.ROWS,
)
REFUSED: Outcome = (FAILURE,)


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


def prepare(sql: str) -> bytes:
    return frame(Request.PREPARE, words(0) + text(sql.encode()))


def of_statement(
    request: Request, statement: int, parameters: bytes = b"", *, database: int = 0, schema: int = 0
) -> bytes:
    return frame(request, struct.pack("<II", database, statement) + parameters, schema)


def sql(request: Request, statement: bytes, parameters: bytes = b"", *, database: int = 0, schema: int = 0) -> bytes:
    return frame(request, words(database) + text(statement) + parameters, schema)


def values(*types: int, body: bytes = b"", count: int | None = None) -> bytes:
    """A tuple of parameters; `count` is what it says of itself."""
    return padded(bytes([len(types) if count is None else count, *types])) + body


def add(number: int, address: bytes) -> bytes:
    return frame(Request.ADD, words(number) + text(address))


def assign(role: int, *before: bytes) -> Callable[[int], list[bytes]]:
    """Gives the node itself a role."""
    return lambda me: [*before, frame(Request.ASSIGN, words(me, role))]


def connect(number: int, address: bytes = b"127.0.0.1:1") -> bytes:
    return frame(Request.CONNECT, words(number) + text(address))


def open_database(name: bytes) -> bytes:
    return frame(Request.OPEN, text(name) + words(0) + text(b""))


TWO_STATEMENTS = [prepare("SELECT 1"), prepare("SELECT 2")]
ONE_LEFT = (STATEMENT, STATEMENT, EMPTY)


@dataclass(frozen=True)
class Row:
    """What is sent, and what has to come back.

    Attributes:
        name: says what it is.
        frames: what is sent at once; gets the number of the node.
        outcome: kinds of the answers, the last one perhaps CLOSED; None where nobody waits for any.
        hello: what comes before, or None where a database is open.
    """

    name: str
    frames: Callable[[int], list[bytes]]
    outcome: Outcome | None
    hello: bytes | None = None


def opened(name: str, outcome: Outcome | None, *frames: bytes) -> Row:
    return Row(name, lambda _: list(frames), outcome)


def first(name: str, outcome: Outcome | None, *frames: bytes, hello: bytes = HELLO) -> Row:
    return Row(name, lambda _: list(frames), outcome, hello)


def member(name: str, outcome: Outcome | None, frames: Callable[[int], list[bytes]]) -> Row:
    return Row(name, frames, outcome)


STATEMENTS = [
    *(
        opened(
            f"{request.name} of a statement that was finalized",
            (*ONE_LEFT, FAILURE),
            *TWO_STATEMENTS,
            of_statement(Request.FINALIZE, 0),
            of_statement(request, 0),
        )
        for request in (Request.FINALIZE, Request.EXEC, Request.QUERY)
    ),
    *(
        opened(f"{request.name} of statement {number}", REFUSED, of_statement(request, number))
        for request in (Request.FINALIZE, Request.EXEC, Request.QUERY)
        for number in (0, 2**32 - 1)
    ),
    opened(
        "EXEC of another database", (STATEMENT, FAILURE), prepare("SELECT 1"), of_statement(Request.EXEC, 0, database=1)
    ),
    opened("PREPARE for another database", REFUSED, frame(Request.PREPARE, words(MOST) + text(b"SELECT 1"))),
    opened("EXEC_SQL for another database", REFUSED, sql(Request.EXEC_SQL, b"SELECT 1", database=1)),
    opened("PREPARE of nothing", REFUSED, prepare("")),
    opened("PREPARE of semicolons", REFUSED, prepare(";;;")),
    opened("EXEC_SQL of nothing", (RESULT,), sql(Request.EXEC_SQL, b"")),
    opened("QUERY_SQL of nothing", REFUSED, sql(Request.QUERY_SQL, b" -- ")),
    opened("an error of SQL longer than a page", REFUSED, sql(Request.QUERY_SQL, b"SELECT " + b"x" * 100_000)),
]

DECODED = [
    *(opened(f"no words, type {kind}", (CLOSED,), header(kind, 0)) for kind in range(21)),
    *(
        opened(
            f"no words behind a request, type {kind}",
            None if kind is Request.INTERRUPT else (RESULT, CLOSED),  # its header may interrupt the statement
            sql(Request.EXEC_SQL, b"SELECT 1"),
            header(kind, 0),
        )
        for kind in (Request.LEADER, Request.INTERRUPT, Request.CONNECT)
    ),
    *(
        opened(f"a blob of {size} bytes", REFUSED, sql(Request.QUERY_SQL, b"SELECT ?", values(4, body=words(size))))
        for size in (1, 8, 2**31, 2**32 + 1, 2**63, MOST - 8, MOST - 6, MOST)
    ),
    opened("a blob cut short", REFUSED, sql(Request.EXEC_SQL, b"SELECT ?", values(4, body=words(9, 0)))),
    opened("a text without its end", REFUSED, sql(Request.QUERY_SQL, b"SELECT ?", values(3, body=b"x" * 64))),
    opened("SQL without its end", (CLOSED,), frame(Request.EXEC_SQL, words(0) + b"SELECT 1")),
    opened("a tuple of 255 and no values", REFUSED, sql(Request.QUERY_SQL, b"SELECT ?", values(*[1] * 255))),
    opened("a tuple without its types", (CLOSED,), sql(Request.QUERY_SQL, b"SELECT ?", values(count=255))),
    *(
        opened(
            f"a long tuple of {count}",
            (CLOSED,),
            sql(Request.QUERY_SQL, b"SELECT ?", struct.pack("<II", count, 0), schema=1),
        )
        for count in (5, 2**31, 2**32 - 1)
    ),
    *(
        opened(f"a value of type {kind}", REFUSED, sql(Request.QUERY_SQL, b"SELECT ?", values(kind, body=words(0))))
        for kind in (0, 6, 9, 99, 255)
    ),
    opened("more values than places", REFUSED, sql(Request.QUERY_SQL, b"SELECT 1", values(1, body=words(0)))),
    *(opened(f"type {kind}", REFUSED, frame(kind, words(0))) for kind in (2, 20, 255)),
]

SCHEMAS = [
    *(
        opened(f"{request.name} of schema 255", REFUSED, frame(request, words(0, 0, 0, 0), 255))
        for request in Request
        if request != Request.CONNECT
    ),
    *(
        opened(f"{request.name} of one word {word:#x}", None, frame(request, words(word)))
        for request in Request
        for word in (0, MOST)
    ),
]

MEMBERS = [
    opened("ADD of number 0", REFUSED, add(0, b"127.0.0.1:1")),
    opened("ADD without an address", REFUSED, add(STRANGER, b"")),
    opened("ADD of an address too long", REFUSED, add(STRANGER, b"a" * (LONGEST_ADDRESS + 1))),
    opened("ADD of a megabyte of address", REFUSED, add(STRANGER, b"a" * 2**20)),
    member("ADD of a member", REFUSED, lambda me: [add(me, b"127.0.0.1:1")]),
    opened("ADD, twice", (EMPTY, FAILURE), add(STRANGER, b"127.0.0.1:1"), add(STRANGER, b"127.0.0.1:1")),
    *(
        opened(f"ASSIGN of number 0, role {role}", REFUSED, frame(Request.ASSIGN, words(0, role)))
        for role in (0, 1, 2, MOST)
    ),
    opened("ASSIGN of number 0, the old way", REFUSED, frame(Request.ASSIGN, words(0))),
    opened("ASSIGN of a stranger", REFUSED, frame(Request.ASSIGN, words(STRANGER, 0))),
    *(
        member(
            f"ASSIGN of role {role} to the only voter",
            REFUSED,
            assign(role),
        )
        for role in (0, 1, 2, 3, 2**63, MOST)
    ),
    *(
        member(
            f"ASSIGN of role {role} to the only voter of two",
            (EMPTY, FAILURE),
            assign(role, add(STRANGER, b"127.0.0.1:1")),
        )
        for role in (1, 2)
    ),
    member(
        "ASSIGN of a vote to who is not there",
        None,
        lambda _: [add(STRANGER, b"127.0.0.1:1"), frame(Request.ASSIGN, words(STRANGER, 0))],
    ),
    opened("REMOVE of number 0", REFUSED, frame(Request.REMOVE, words(0))),
    opened("REMOVE of a stranger", REFUSED, frame(Request.REMOVE, words(STRANGER))),
    member("REMOVE of the only member", REFUSED, lambda me: [frame(Request.REMOVE, words(me))]),
    member(
        "REMOVE of the only voter",
        (EMPTY, FAILURE),
        lambda me: [add(STRANGER, b"127.0.0.1:1"), frame(Request.REMOVE, words(me))],
    ),
    opened("ADD and REMOVE", (EMPTY, EMPTY), add(STRANGER, b"127.0.0.1:1"), frame(Request.REMOVE, words(STRANGER))),
    *(
        opened(f"TRANSFER to {number}", REFUSED, frame(Request.TRANSFER, words(number)))
        for number in (0, STRANGER, MOST)
    ),
    member("TRANSFER to itself", REFUSED, lambda me: [frame(Request.TRANSFER, words(me))]),
    opened(
        "TRANSFER to who has no vote",
        (EMPTY, FAILURE),
        add(STRANGER, b"127.0.0.1:1"),
        frame(Request.TRANSFER, words(STRANGER)),
    ),
]

OTHERS = [
    opened("OPEN, twice", REFUSED, open_database(b"main")),
    *(
        first(f"OPEN of {name[:20]!r}", REFUSED, open_database(name))
        for name in (b"", b":memory:", b"main-wal", b"main-journal", b"a" * 505, b"a" * 2**20)
    ),
    *(
        opened(f"DUMP of {name[:20]!r}", REFUSED, frame(Request.DUMP, text(name)))
        for name in (b"", b"other", b"main-wal", b":memory:", b"a" * 5000)
    ),
    opened("DUMP of a name without its end", (CLOSED,), frame(Request.DUMP, b"x" * 8)),
    opened("CLUSTER in format 2", REFUSED, frame(Request.CLUSTER, words(2))),
    opened("DESCRIBE in format 1", REFUSED, frame(Request.DESCRIBE, words(1))),
    opened("WEIGHT", (EMPTY,), frame(Request.WEIGHT, words(MOST))),
    opened("INTERRUPT of nothing", (EMPTY,), frame(Request.INTERRUPT, words(0))),
    opened("INTERRUPT, five times", (EMPTY,) * 5, *[frame(Request.INTERRUPT, words(0))] * 5),
    opened(
        "INTERRUPT behind what is no query",
        (STATEMENT, EMPTY, EMPTY),
        prepare("SELECT 1"),
        frame(Request.INTERRUPT, words(0)),
        of_statement(Request.FINALIZE, 0),
    ),
    first("a request before OPEN", REFUSED, sql(Request.EXEC_SQL, b"SELECT 1")),
    first("PREPARE before OPEN", REFUSED, prepare("SELECT 1")),
    first("FINALIZE before OPEN", REFUSED, of_statement(Request.FINALIZE, 0)),
    first("CLIENT", (Response.WELCOME,), frame(Request.CLIENT, words(MOST))),
    first("the first protocol", (Response.SERVER,), leader_request(), hello=LEGACY_HELLO),
    first("no protocol", (CLOSED,), hello=words(MOST)),
    first("HTTP", (CLOSED,), hello=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    first("half a word", None, hello=b"\1\0\0\0"),
    first("half a header", None, b"\1\0\0\0"),
    first("half a frame", None, frame(Request.OPEN, words(0), words=2**10)),
    first("32 GiB", (CLOSED,), frame(Request.OPEN, words(0), words=2**32 - 1)),
]

PEERS = [
    *(
        first(f"CONNECT of {number} from {address[:20]!r}", (CLOSED,), connect(number, address))
        for number, address in (
            (0, b"127.0.0.1:1"),
            (STRANGER, b""),
            (STRANGER, b"a" * (LONGEST_ADDRESS + 1)),
            (MOST, b"a" * 2**20),
        )
    ),
    first("CONNECT without its end", (CLOSED,), frame(Request.CONNECT, words(STRANGER) + b"x" * 8)),
    first("CONNECT of one word", (CLOSED,), frame(Request.CONNECT, words(STRANGER))),
    first("CONNECT, twice", None, connect(STRANGER), connect(STRANGER)),
    first("CONNECT, then a request", None, connect(STRANGER), open_database(b"main")),
    opened("OPEN, then CONNECT", (CLOSED,), connect(STRANGER)),
    first("OPEN and CONNECT at once", (Response.DATABASE, CLOSED), open_database(b"main"), connect(STRANGER)),
    first("CLIENT, then CONNECT", (Response.WELCOME, CLOSED), frame(Request.CLIENT, words(1)), connect(STRANGER)),
    first("LEADER, then CONNECT", (Response.SERVER, CLOSED), leader_request(), connect(STRANGER)),
    opened(
        "a transaction, then CONNECT", (RESULT, CLOSED), sql(Request.EXEC_SQL, b"BEGIN IMMEDIATE"), connect(STRANGER)
    ),
]

TABLE = [*STATEMENTS, *DECODED, *SCHEMAS, *MEMBERS, *OTHERS, *PEERS]


def number_of(node: NodeProcess) -> int:
    """Returns the number that the node has in its cluster."""
    with node.client() as client:
        client.send(Request.CLUSTER, words(0))
        number: int = struct.unpack_from("<Q", client.expect(Response.SERVERS), 8)[0]
        return number


def speak(client: Client, frames: list[bytes]) -> None:
    """Sends all frames. A server that has closed the connection already takes no more."""
    with suppress(BrokenPipeError, ConnectionResetError):
        client.socket.sendall(b"".join(frames))


def answers(client: Client, count: int) -> Outcome:
    """Returns the kinds of up to `count` answers; the last one may be CLOSED."""
    kinds: list[Response | str] = []
    while len(kinds) < count:
        try:
            kinds.append(client.receive()[0])
        except ConnectionError:
            kinds.append(CLOSED)
            break
    return tuple(kinds)


def assert_commits(node: NodeProcess) -> None:
    with node.client() as client:
        client.execute("CREATE TABLE afterwards (v)")
        assert client.execute("INSERT INTO afterwards VALUES (1)") == 1


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_node_goes_on(node: NodeProcess, row: Row) -> None:
    frames = row.frames(number_of(node))
    with node.client() if row.hello is None else node.stranger() as client:
        if row.hello is not None:
            frames = [row.hello, *frames]
        if row.outcome is None:
            speak(client, frames)
        else:
            expected = row.outcome
            if expected[-1] != CLOSED:  # then this one is answered as well
                frames.append(leader_request())
                expected = (*expected, Response.SERVER)
            speak(client, frames)
            assert answers(client, len(expected)) == expected
    assert_commits(node)
