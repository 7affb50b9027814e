# SPDX-License-Identifier: Apache-2.0
"""A leader that refuses a transaction and goes on to lead: the connection that sent it knows nothing of it any more."""

from __future__ import annotations

import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.machines import Machines
from tests.patches import wire
from tests.protocol import Request, Response
from tests.support import eventually


@contextmanager
def _standing_still(machines: Machines, leader: str) -> Iterator[int]:
    """Yields the number of a node that stands still meanwhile."""
    other = next(node for node in machines.nodes if node.address != leader)
    number = next(member.id for member in machines.client().cluster() if member.address == other.address)
    other.signal(signal.SIGSTOP)
    try:
        yield number
    finally:
        other.signal(signal.SIGCONT)


@contextmanager
def _transfer_in_vain(leader: str, number: int) -> Iterator[None]:
    """The leader is about to hand over to who does not take it, and refuses all writes; then it goes on to lead."""
    with wire.Client(leader) as operator:
        operator.send(Request.TRANSFER, struct.pack("<Q", number))
        yield
        with pytest.raises(wire.Failure):
            operator.expect(Response.EMPTY)


def _execute(connection: wire.Client, sql: str) -> None:
    """Runs a statement, as soon as the leader takes writes again."""

    def is_done() -> bool:
        try:
            connection.execute(sql)
        except wire.Failure:
            return False
        return True

    eventually(is_done)


@pytest.mark.parametrize(
    ("refused", "other"),
    [
        ("CREATE TABLE a (secret)", "CREATE TABLE b (public)"),
        ("CREATE INDEX a ON t (v)", "CREATE INDEX b ON o (v)"),
    ],
)
def test_the_schema_of_a_refused_transaction(machines: Machines, refused: str, other: str) -> None:
    """Else it would be taken for what another connection makes next: it has the same number, and the same pages."""
    leader = machines.client().leader().address
    with (
        wire.Client(leader) as first,
        wire.Client(leader) as second,
        _standing_still(machines, leader) as number,
    ):
        second.execute("CREATE TABLE t (v); CREATE TABLE o (v); INSERT INTO o VALUES (7)")
        first.query("SELECT * FROM t")
        for _ in range(20):
            with _transfer_in_vain(leader, number):
                try:
                    first.execute(refused)
                except wire.Failure:
                    break
            _execute(first, f"DROP {refused.split()[1]} a")  # it came before the transfer
        else:
            raise AssertionError("the leader never refused")
        _execute(second, other)
        if "TABLE" in refused:
            with pytest.raises(wire.Failure, match="no such table: a"):
                first.execute("INSERT INTO a VALUES ('of a')")
            assert first.query("SELECT * FROM b") == []
        else:
            for value in range(3):
                assert first.execute(f"INSERT INTO t VALUES ({value})") == 1
            assert [row[0][1] for row in second.query("SELECT v FROM o INDEXED BY b WHERE v < 100")] == [7]
        with wire.Client(leader) as fresh:
            assert fresh.scalar("PRAGMA integrity_check") == b"ok"
