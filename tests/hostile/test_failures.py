# SPDX-License-Identifier: Apache-2.0
"""What each way to fail means for the data, wherever it strikes. What may have written is never sent a second time."""

from __future__ import annotations

from dataclasses import dataclass

import dqlitepy
import pytest

from tests.hostile.client import connect
from tests.hostile.server import (
    EMPTY,
    STATEMENT,
    Answer,
    Asked,
    Peer,
    Server,
    failure,
    leader_at,
    names,
    page,
    result,
    row,
    says,
    says_and_hangs_up,
)
from tests.protocol import DONE, MORE, Response, Type, frame, header, text, word

# None: it runs a second time, on a new connection.
Outcomes = tuple[type[dqlitepy.Error] | None, ...]

# In this order: a SELECT and a write in autocommit, the first write of an implicit transaction, a write in a
# transaction, its COMMIT.
PLACES = ("select", "write", "implicit", "within", "commit")
SQL = ("SELECT x FROM t", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "UPDATE t SET x = 2", "COMMIT")

_GONE: Outcomes = (
    None,
    dqlitepy.AmbiguousCommitError,
    None,
    dqlitepy.LeadershipLostError,
    dqlitepy.AmbiguousCommitError,
)
_NONSENSE: Outcomes = (
    dqlitepy.OperationalError,
    dqlitepy.AmbiguousCommitError,
    dqlitepy.OperationalError,
    dqlitepy.LeadershipLostError,
    dqlitepy.AmbiguousCommitError,
)
_NOT_LEADER: Outcomes = (
    None,
    None,
    None,
    dqlitepy.LeadershipLostError,
    dqlitepy.LeadershipLostError,
)
_LEADERSHIP_LOST: Outcomes = (
    None,
    dqlitepy.AmbiguousCommitError,
    None,
    dqlitepy.LeadershipLostError,
    dqlitepy.AmbiguousCommitError,
)


@dataclass(frozen=True)
class Case:
    """A way to fail, and what it is in each place."""

    answer: Answer
    expected: Outcomes


def _hangs_up(peer: Peer, asked: Asked) -> None:
    peer.hang_up()


def _resets(peer: Peer, asked: Asked) -> None:
    peer.reset()


_LIE = header(Response.RESULT, 2**32 - 1)
_GIGABYTE = header(Response.ROWS, 2**27)

CASES = {
    "hangs up": Case(_hangs_up, _GONE),
    "resets": Case(_resets, _GONE),
    "half a header": Case(says_and_hangs_up(result()[:5]), _GONE),
    "a header alone": Case(says_and_hangs_up(result()[:8]), _GONE),
    "half a body": Case(says_and_hangs_up(result()[:17]), _GONE),
    "a gigabyte is announced": Case(says_and_hangs_up(_GIGABYTE, bytes(4096)), _GONE),
    "32 GiB are announced": Case(says_and_hangs_up(_LIE, bytes(4096)), _NONSENSE),
    "32 GiB of rows are announced": Case(says(header(Response.ROWS, 2**32 - 1)), _NONSENSE),
    "32 GiB of a failure are announced": Case(says(header(Response.FAILURE, 2**32 - 1)), _NONSENSE),
    "a body that is too short": Case(says(frame(Response.RESULT, word(1)), frame(Response.ROWS, b"")), _NONSENSE),
    "a body that is too long": Case(says(frame(Response.RESULT, bytes(32))), _NONSENSE),
    "an empty message": Case(says(header(Response.RESULT, 0)), _NONSENSE),
    "an unknown type": Case(says(frame(99, word(0))), _NONSENSE),
    "the answer to LEADER": Case(says(leader_at("127.0.0.1:1")), _NONSENSE),
    "the answer to OPEN": Case(says(frame(Response.DATABASE, word(0))), _NONSENSE),
    "the answer to PREPARE": Case(says(STATEMENT), _NONSENSE),
    "the answer to INTERRUPT": Case(says(EMPTY), _NONSENSE),
    "noise": Case(says_and_hangs_up(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(range(256)) * 16), _NONSENSE),
    "a failure without a text": Case(says(frame(Response.FAILURE, word(1))), _NONSENSE),
    "a failure that does not end": Case(says(frame(Response.FAILURE, word(1) + b"x" * 8)), _NONSENSE),
    "a failure without a body": Case(says(frame(Response.FAILURE, b"")), _NONSENSE),
    "a code of 64 bits": Case(says(failure(2**64 - 1, "x")), _NONSENSE),
    "a code whose lower half is none": Case(says(failure(2**32, "x")), _NONSENSE),
    "not the leader": Case(says(failure(10250, "not leader")), _NOT_LEADER),
    "the database was closed": Case(says(failure(12, "no database opened")), _NOT_LEADER),
    "leadership lost": Case(says(failure(10506, "leadership lost")), _LEADERSHIP_LOST),
    "the disk is full": Case(says(failure(10, "leader exec failed")), _NONSENSE),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CASES)
def test_the_failure_matrix(server: Server, name: str, place: str) -> None:
    case, at = CASES[name], PLACES.index(place)
    con = connect(server.address, isolation_level="IMMEDIATE" if place == "implicit" else None)
    if place in ("within", "commit"):
        con.execute("BEGIN")
    server.arm(case.answer)
    sent = len(server.statements())
    expected = case.expected[at]
    if expected is None:
        con.execute(SQL[at])
    else:
        with pytest.raises(dqlitepy.Error) as caught:
            con.execute(SQL[at])
        assert type(caught.value) is expected, caught.value
    assert len(server.statements()) == sent + (2 if expected is None else 1)
    assert con.in_transaction == (expected is None and place == "implicit")
    con.rollback()
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]  # on a new connection
    con.close()


# What the server's SQLite refused, behind as much of a result as an unpatched server has written by then.
_FAILURE = word(2067) + text(b"UNIQUE constraint failed: t.x")
HALF_SENT = {
    "nothing": b"",
    "no columns": names(),
    "a header": names(b"x"),
    "five columns": names(b"database", b"", b"c", b"d", b"e"),
    "a row": names(b"x") + row((Type.INTEGER, word(42))),
    "a row like a code and a text": names(b"x") + row((Type.TEXT, text(b"abc"))),
    "half a row": names(b"x", b"y") + row((Type.TEXT, text(b"abc")), (Type.INTEGER, b"")),
    "a row whose blob is not there": names(b"x") + row((Type.BLOB, word(0xFFFFFF))),
}


@pytest.mark.parametrize("name", HALF_SENT)
@pytest.mark.parametrize("sql", ["SELECT x FROM t", "INSERT INTO t VALUES (1) RETURNING x", "INSERT INTO t VALUES (1)"])
def test_the_error_behind_half_a_result_is_recovered(
    server: Server, con: dqlitepy.Connection, name: str, sql: str
) -> None:
    server.arm(says(frame(Response.FAILURE, HALF_SENT[name] + _FAILURE)))
    with pytest.raises(dqlitepy.IntegrityError, match=r"^UNIQUE constraint failed: t\.x$") as caught:
        con.execute(sql)
    assert caught.value.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE"
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]  # the connection goes on


def test_an_error_behind_rows_comes_behind_them(server: Server, con: dqlitepy.Connection) -> None:
    numbers = range(100_000)  # more than one batch
    polluted = frame(Response.FAILURE, names(b"x") + row((Type.INTEGER, word(7))) + word(1) + text(b"integer overflow"))
    server.arm(says(*[page(*numbers[at : at + 1000], more=True) for at in numbers[::1000]], polluted))
    cursor = con.execute("SELECT x FROM t")
    read = []
    with pytest.raises(dqlitepy.OperationalError, match="^integer overflow$"):
        for (x,) in cursor:
            read.append(x)
    # The rows of the batch with the error are lost with it.
    assert len(read) > 10_000
    assert read == list(numbers)[: len(read)]
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


PAGES = {
    "a result": result(),
    "an end of another kind": frame(Response.ROWS, names(b"x") + b"\xdd" * 8),
    "bytes behind the end": frame(Response.ROWS, names(b"x") + DONE + word(1)),
    "no end": frame(Response.ROWS, names(b"x")),
    "the end in the midst of a row": frame(Response.ROWS, names(b"x") + word(Type.INTEGER)),
    "a type that is none": frame(Response.ROWS, names(b"x") + row((6, word(1))) + DONE),
    "a blob of 2**63 bytes": frame(Response.ROWS, names(b"x") + row((Type.BLOB, word(2**63))) + DONE),
    "a blob of 2**64-1 bytes": frame(Response.ROWS, names(b"x") + row((Type.BLOB, word(2**64 - 1))) + DONE),
    "a blob without its padding": frame(Response.ROWS, names(b"x") + row((Type.BLOB, word(9) + bytes(8)))),
    "a text that does not end": frame(Response.ROWS, names(b"x") + row((Type.TEXT, b"x" * 8))),
    "2**40 columns": frame(Response.ROWS, word(2**40) + DONE),
    "2**63 columns": frame(Response.ROWS, word(2**63) + DONE),
    "no rows, but more to come": frame(Response.ROWS, names(b"x") + MORE),
}  # fmt: skip


SECOND_PAGES = {
    "more columns": frame(
        Response.ROWS, names(b"x", b"y") + row((Type.INTEGER, word(1)), (Type.INTEGER, word(2))) + DONE
    ),
    "no columns": frame(Response.ROWS, names() + DONE),
}


@pytest.mark.parametrize("bad", PAGES.values(), ids=PAGES)
def test_pages_that_are_no_pages(server: Server, con: dqlitepy.Connection, bad: bytes) -> None:
    server.arm(says(bad))
    with pytest.raises(dqlitepy.OperationalError, match="broke dqlite's protocol"):
        con.execute("SELECT x FROM t")
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("bad", (PAGES | SECOND_PAGES).values(), ids=PAGES | SECOND_PAGES)
@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT x FROM t", dqlitepy.OperationalError),
        ("INSERT INTO t VALUES (1) RETURNING x", dqlitepy.AmbiguousCommitError),
    ],
)
def test_pages_that_are_none_behind_good_ones(
    server: Server, con: dqlitepy.Connection, bad: bytes, sql: str, error: type[dqlitepy.Error]
) -> None:
    server.arm(says(page(1, 2, more=True), bad))
    with pytest.raises(error, match="broke dqlite's protocol"):
        con.execute(sql)
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize("kind", [Type.TEXT, 10])
def test_text_that_is_not_utf_8(server: Server, con: dqlitepy.Connection, kind: int) -> None:
    bad = frame(Response.ROWS, names(b"x") + row((kind, text(b"good"))) + row((kind, text(b"\xff\xfe"))) + DONE)
    server.arm(says(bad))
    cursor = con.execute("SELECT x FROM t")
    assert cursor.fetchone() == ("good",)
    with pytest.raises(dqlitepy.OperationalError, match="Could not decode to UTF-8 column 'x'"):
        cursor.fetchone()
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_names_that_are_not_utf_8(server: Server, con: dqlitepy.Connection) -> None:
    server.arm(says(frame(Response.ROWS, names(b"\xff") + row((Type.INTEGER, word(1))) + DONE)))
    with pytest.raises(dqlitepy.OperationalError, match="UTF-8"):
        con.execute("SELECT x FROM t")
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_a_message_that_is_not_utf_8(server: Server, con: dqlitepy.Connection) -> None:
    server.arm(says(frame(Response.FAILURE, word(1) + text(b"no such table: \xff\xfe" + b"y" * 5000))))
    with pytest.raises(dqlitepy.OperationalError, match="^no such table: \ufffdy+$"):
        con.execute("SELECT x FROM t")
    assert con.execute("SELECT x FROM t").fetchall() == [(1,)]
