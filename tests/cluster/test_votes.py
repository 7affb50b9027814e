# SPDX-License-Identifier: Apache-2.0
"""Votes are given and taken without a moment in which nobody can be elected any more."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import Role

from tests.cluster.machines import Machines
from tests.support import HANG, eventually


def suspend_with_log(machines: Machines) -> None:
    """Suspends the second node. A spare has no log; with one, it gets its vote at once, or not before it has it all."""
    first, second = machines.nodes
    with closing(machines.connect(isolation_level=None)) as con:
        con.execute("CREATE TABLE t (a)")
    client = machines.client()
    client.assign(second.address, Role.STANDBY)
    eventually(lambda: client.describe(second.address).last_index == client.describe(first.address).last_index)
    second.signal(signal.SIGSTOP)


@pytest.mark.parametrize("both", [True, False])
def test_a_power_failure_while_a_node_gets_its_vote(tmp_path: Path, both: bool) -> None:
    """The leader has written that the other node has a vote, and that one has never heard of it.

    Args:
        tmp_path: pytest's.
        both: whether both lose their power, or the other one still believes in the leader that there was.
    """
    with Machines(tmp_path, 2) as machines:
        first, second = machines.nodes
        client = machines.client()
        suspend_with_log(machines)
        with pytest.raises(dqlitepy.Error):
            client.assign(second.address, Role.VOTER, timeout=2)
        first.kill()
        if both:
            second.kill()
            second.start()
        else:
            second.signal(signal.SIGCONT)
        first.start()
        first.wait_ready()
        with closing(machines.connect(isolation_level=None, leader_timeout=HANG)) as con:
            con.execute("INSERT INTO t VALUES (1)")
            assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
        assert {member.address for member in client.cluster()} == {first.address, second.address}


def test_a_vote_is_told_when_it_is_committed(tmp_path: Path) -> None:
    """The leader's list has the new role at once. Whoever asks for that role again is not told that it is done."""
    with Machines(tmp_path, 2) as machines, ThreadPoolExecutor(2) as pool:
        client, second = machines.client(), machines.nodes[1]
        suspend_with_log(machines)
        attempts = [pool.submit(client.assign, second.address, Role.VOTER, timeout=2) for _ in range(2)]
        assert all(isinstance(attempt.exception(HANG), dqlitepy.Error) for attempt in attempts)
