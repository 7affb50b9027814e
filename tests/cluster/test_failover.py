# SPDX-License-Identifier: Apache-2.0
"""The leader dies by kill -9 while rows are written: nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import signal
from collections import Counter
from functools import partial
from pathlib import Path

import dqlitepy
import pytest

from tests.cluster.machines import Machines, wait_for_voters
from tests.support import HANG, eventually, failure_of

ROWS_BETWEEN = 20


class Writer:
    """Inserts numbers one by one over one connection that simply goes on, and keeps what became of them."""

    def __init__(self, con: dqlitepy.Connection) -> None:
        self._con = con
        self._next = 0
        self.acknowledged: set[int] = set()
        self.unknown: set[int] = set()

    def write(self) -> None:
        """Inserts the next number; returns when it is known to be there, or to be uncertain."""
        number = self._next
        self._next += 1
        try:
            self._con.execute("INSERT INTO t VALUES (?)", (number,))
            self.acknowledged.add(number)
        except dqlitepy.AmbiguousCommitError:
            self.unknown.add(number)


def dump_of(client: dqlitepy.Client, address: str) -> bytes | str:
    """Returns a node's database, or why it has none: a follower that has just started may know of no commit yet."""
    try:
        return client.dump(address=address)
    except dqlitepy.DatabaseError as error:
        return str(error)


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path, 3)


def test_the_leader_is_killed_again_and_again(machines: Machines) -> None:
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect(isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        writer = Writer(con)
        for _ in range(3):
            for _ in range(ROWS_BETWEEN):
                writer.write()
            leader = machines.at(client.leader().address)
            leader.kill()
            for _ in range(ROWS_BETWEEN):
                writer.write()
            leader.start()
            leader.wait_ready()
            wait_for_voters(client, 3)
        stored = Counter(number for (number,) in con.execute("SELECT n FROM t"))
        con.close()
        assert len(writer.acknowledged) > 5 * ROWS_BETWEEN
        assert writer.acknowledged <= stored.keys()
        assert stored.keys() <= writer.acknowledged | writer.unknown
        assert set(stored.values()) == {1}
        content = client.dump()
        for node in machines.nodes:
            eventually(partial(dump_of, client, node.address), lambda found: found == content)


def test_two_of_three_are_gone(machines: Machines) -> None:
    """Without a majority nothing is written, and the error says who was asked and why not."""
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        for node in machines.nodes[1:]:
            node.kill()
        first, second, third = machines.addresses
        eventually(lambda: client.leader_of(first), lambda leader: leader is None)
        failure_of(
            lambda patience: client.leader(timeout=patience),
            dqlitepy.NoLeaderError,
            f"{first}: ",
            *(f"{at}: connection refused" for at in (second, third)),
        )
        failure_of(
            lambda patience: machines.connect(leader_timeout=patience),
            dqlitepy.NoLeaderError,
            *(f"{at}: " for at in machines.addresses),
        )
        machines.nodes[1].start()
        machines.nodes[1].wait_ready()
        con = machines.connect()
        con.execute("CREATE TABLE t (n INTEGER)")
        con.close()


def test_a_planned_handover_interrupts_no_transaction_for_good(machines: Machines) -> None:
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect(isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        writer = Writer(con)
        for _ in range(2):
            for _ in range(ROWS_BETWEEN):
                writer.write()
            leader = machines.at(client.leader().address)
            leader.close()  # hands over
            assert client.leader().address != leader.address
            for _ in range(ROWS_BETWEEN):
                writer.write()
            leader.start()
            leader.wait_ready()
        stored = Counter(number for (number,) in con.execute("SELECT n FROM t"))
        con.close()
        assert writer.acknowledged <= stored.keys()
        assert set(stored.values()) == {1}


def test_a_leader_that_is_suspended_comes_back_as_a_follower(machines: Machines) -> None:
    """As a virtual machine that is paused: the others go on, and it finds out when it runs again."""
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect()
        con.execute("CREATE TABLE t (n INTEGER)")
        con.close()
        leader = machines.at(client.leader().address)
        others = [node.address for node in machines.nodes if node is not leader]
        awake = dqlitepy.Client(others, timeout=HANG)
        leader.signal(signal.SIGSTOP)
        try:
            eventually(
                lambda: [awake.leader_of(at) for at in others],
                lambda seen: all(one is not None and one.address in others for one in seen),
            )
            con = dqlitepy.connect(f"dqlite://{','.join(others)}", leader_timeout=HANG)
            con.execute("INSERT INTO t VALUES (1)")
            con.commit()
            con.close()
        finally:
            leader.signal(signal.SIGCONT)
        eventually(lambda: (client.leader_of(leader.address), awake.leader()), lambda seen: seen[0] == seen[1])
        eventually(partial(dump_of, client, leader.address), lambda found: found == client.dump())


def test_a_connection_goes_on_without_its_leader(machines: Machines) -> None:
    """The same connection, before and after: what was idle when the leader died is not even in doubt."""
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect(isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        implicit = machines.connect()
        implicit.execute("INSERT INTO t VALUES (1)")
        implicit.commit()
        open_transaction = machines.connect()
        open_transaction.execute("INSERT INTO t VALUES (-1)")
        machines.at(client.leader().address).kill()
        con.execute("INSERT INTO t VALUES (2)")
        implicit.execute("INSERT INTO t VALUES (3)")
        implicit.commit()
        with pytest.raises(dqlitepy.LeadershipLostError):
            open_transaction.commit()
        assert not open_transaction.in_transaction
        assert open_transaction.execute("SELECT n FROM t ORDER BY n").fetchall() == [(1,), (2,), (3,)]
        for each in (con, implicit, open_transaction):
            each.close()


def test_a_connection_leaves_a_leader_that_is_suspended(machines: Machines) -> None:
    """It says nothing, and its machine acknowledges all that is sent to it: only the others know."""
    with machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect(isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        reader = machines.connect()
        leader = machines.at(client.leader().address)
        leader.signal(signal.SIGSTOP)
        try:
            writer = Writer(con)
            writer.write()
            assert writer.unknown == {0}
            while not writer.acknowledged:  # the next leader may have to go, too, where the machine is very busy
                writer.write()
            stored = {number for (number,) in reader.execute("SELECT n FROM t")}
            assert writer.acknowledged <= stored <= writer.acknowledged | writer.unknown
        finally:
            leader.signal(signal.SIGCONT)
        con.close()
        reader.close()
