# SPDX-License-Identifier: Apache-2.0
"""Answers that were right and were changed: each is a result or an error of this package, and none takes it down."""

from __future__ import annotations

import random

import dqlitepy
import hypothesis
import hypothesis.strategies as st
import pytest

from tests.hostile.client import connect
from tests.hostile.server import Server, failure, names, page, result, row, says_and_hangs_up
from tests.protocol import DONE, MORE, Response, Type, blob, frame, text, word

EVERY_TYPE = frame(
    Response.ROWS,
    names(b"i", b"f", b"t", b"b", b"n", b"u", b"d", b"o")
    + row(
        (Type.INTEGER, word(1)),
        (Type.FLOAT, word(0x3FF8000000000000)),
        (Type.TEXT, text(b"caf\xc3\xa9")),
        (Type.BLOB, blob(b"\0\1\2")),
        (Type.NULL, word(0)),
        (Type.UNIXTIME, word(1234567890)),
        (Type.ISO8601, text(b"2026-11-22")),
        (Type.BOOLEAN, word(1)),
    )
    * 2
    + MORE,
)
ANSWERS = {
    "rows": EVERY_TYPE + EVERY_TYPE[: -len(MORE)] + DONE,
    "wide": frame(Response.ROWS, names(*[b"x"] * 40) + row(*[(Type.INTEGER, word(7))] * 40) + DONE),
    "failure": failure(2067, "UNIQUE constraint failed: t.x"),
    "polluted": frame(
        Response.FAILURE, names(b"x") + row((Type.TEXT, text(b"abc"))) + word(1) + text(b"integer overflow")
    ),
    "result": result(),
}
SQL = {"result": "INSERT INTO t VALUES (1)"}


def mutate(data: bytes, seed: int) -> bytes:
    """Changes, cuts, repeats and moves a few words or bytes."""
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed)) if changed else 0
        start = at & ~7
        match chance.randrange(7):
            case 0:
                changed[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[at : at + 1] = bytes([changed[at] ^ 1 << chance.randrange(8)]) if changed else b""
            case 2:
                changed[start : start + 8] = word(chance.choice([0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]))
            case 3:
                del changed[start : start + 8 * chance.randint(1, 4)]
            case 4:
                changed[start:start] = changed[start : start + 8 * chance.randint(1, 4)]
            case 5:
                changed[start:start] = chance.randbytes(8)
            case _:
                del changed[at:]
    return bytes(changed)


@pytest.mark.parametrize("name", ANSWERS)
def test_mutations(name: str) -> None:
    sql = SQL.get(name, "SELECT x FROM t")
    with Server() as server:

        @hypothesis.settings(
            derandomize=True,
            deadline=None,
            database=None,
            max_examples=150,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(st.integers(0, 2**32))
        def run(seed: int) -> None:
            con = connect(server.address)
            server.arm(says_and_hangs_up(mutate(ANSWERS[name], seed)))
            try:
                rows = con.execute(sql).fetchall()
                assert all(type(value) in (int, float, str, bytes, type(None)) for row in rows for value in row)
            except (dqlitepy.Error, MemoryError) as error:
                assert str(error)
            assert not con.in_transaction
            con.close()

        run()


def test_pages_that_are_mutated_behind_a_good_one(server: Server) -> None:
    for seed in range(100):
        con = connect(server.address)
        server.arm(says_and_hangs_up(page(*range(100), more=True), mutate(page(*range(5)), seed)))
        try:
            rows = con.execute("SELECT x FROM t").fetchall()
        except dqlitepy.Error as error:
            assert str(error)
        else:
            again = [(1,)]  # on a new connection, none of the rows having been given out
            assert rows == again or rows[:100] == [(n,) for n in range(100)]
        con.close()
