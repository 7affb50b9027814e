# SPDX-License-Identifier: Apache-2.0
"""A client that was given the address of one node learns the others', and outlives that node."""

from __future__ import annotations

import asyncio
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import aio

from tests.cluster.machines import Machines, NodeProcess, wait_for_voters
from tests.support import HANG, despite_load, eventually, failure_of


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path, 3)


def test_the_only_node_that_was_given_dies(machines: Machines) -> None:
    with machines:
        given = machines.addresses[0]
        url = f"dqlite://{given}/main"
        wait_for_voters(machines.client(), 3)
        machines.client().transfer(given)
        con = dqlitepy.connect(url, isolation_level=None, leader_timeout=HANG)
        con.execute("CREATE TABLE t (n INTEGER)")
        client = dqlitepy.Client(given, timeout=HANG)
        client.leader()
        machines.at(given).kill()
        con.execute("INSERT INTO t VALUES (1)")
        assert client.leader().address in machines.addresses[1:]
        # Another connection of this program knows what the first one has learned.
        other = dqlitepy.connect(url, leader_timeout=HANG)
        assert other.execute("SELECT n FROM t").fetchall() == [(1,)]
        other.close()
        con.close()

        async def asynchronously() -> object:
            async with aio.connect(url, leader_timeout=HANG) as connection:
                return await (await connection.execute("SELECT n FROM t")).fetchall()

        assert asyncio.run(asynchronously()) == [(1,)]


def test_the_only_node_that_was_given_is_suspended(machines: Machines) -> None:
    """It accepts connections and says nothing: those that were learned tell that another one leads."""
    with machines:
        given = machines.addresses[0]
        wait_for_voters(machines.client(), 3)
        machines.client().transfer(given)
        con = dqlitepy.connect(f"dqlite://{given}/main", isolation_level=None, leader_timeout=HANG)
        con.execute("CREATE TABLE t (n INTEGER)")
        machines.at(given).signal(signal.SIGSTOP)
        try:
            assert con.execute("SELECT count(*) FROM t").fetchone() == (0,)
            with suppress(dqlitepy.AmbiguousCommitError):  # a busy machine may change the leader once more
                con.execute("INSERT INTO t VALUES (1)")
        finally:
            machines.at(given).signal(signal.SIGCONT)
        con.close()


def test_members_that_join_later_are_learned_when_the_leader_changes(tmp_path: Path) -> None:
    """The first node is alone when the client connects. All that it was given, and learned at first, goes."""
    machines = Machines(tmp_path, 4)
    first, *others = machines.nodes
    try:
        first.start()
        first.wait_ready()
        con = dqlitepy.connect(f"dqlite://{first.address}/main", isolation_level=None, leader_timeout=HANG)
        con.execute("CREATE TABLE t (n INTEGER)")
        for node in others[:2]:
            node.start()
            node.wait_ready()
        client = machines.client()
        wait_for_voters(client, 3)
        client.transfer(others[0].address)
        con.execute("INSERT INTO t VALUES (1)")  # finds the new leader, and hears of all members there
        others[2].start()
        others[2].wait_ready()
        client.transfer(others[1].address)
        con.execute("INSERT INTO t VALUES (2)")
        first.kill()
        alive = {node.address for node in others}
        eventually(
            client.cluster, lambda seen: alive == {each.address for each in seen if each.role is dqlitepy.Role.VOTER}
        )
        client.transfer(others[2].address)
        con.execute("INSERT INTO t VALUES (3)")
        others[2].kill()
        con.execute("INSERT INTO t VALUES (4)")
        assert con.execute("SELECT count(*) FROM t").fetchone() == (4,)
        con.close()
    finally:
        machines.kill()


def test_an_address_that_another_cluster_has_got_meanwhile_is_not_followed(machines: Machines) -> None:
    """The machines were set up anew, two of them as another cluster: its database has the same name and is not ours."""
    with machines:
        given, second, third = machines.addresses
        url = f"dqlite://{given}/main"
        wait_for_voters(machines.client(), 3)
        # It asks as long in vain as it may take to connect.
        con = despite_load(lambda: dqlitepy.connect(url, isolation_level=None, leader_timeout=5))
        client = dqlitepy.Client(given, timeout=HANG)
        client.leader()
        machines.kill()
        for node in machines.nodes[1:]:
            shutil.rmtree(node.directory)
        anew = [
            NodeProcess(machines.nodes[1].directory, second),
            NodeProcess(machines.nodes[2].directory, third, join=[second]),
        ]
        try:
            for node in anew:
                node.start()
                node.wait_ready()
            for work in (
                lambda _: con.execute("CREATE TABLE t (n INTEGER)"),
                lambda patience: client.leader(timeout=patience),
            ):
                failure_of(work, dqlitepy.NoLeaderError, f"{second}: it now belongs to another cluster", f"{given}: ")
            # Who names the address asks for that cluster.
            asked = dqlitepy.connect(f"dqlite://{second}/main", leader_timeout=HANG)
            assert asked.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
            asked.close()
        finally:
            for node in anew:
                node.kill()
        con.close()
