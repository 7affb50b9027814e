# SPDX-License-Identifier: Apache-2.0
"""Reads that a majority of the nodes has to agree with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.cluster.machines import Machines, wait_for_voters
from tests.support import despite_load


def test_a_linearizable_read_needs_a_majority(tmp_path: Path) -> None:
    with Machines(tmp_path, 3) as machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect(linearizable=True, isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        con.execute("INSERT INTO t VALUES (1)")
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
        leader = client.leader().address
        followers = [node for node in machines.nodes if node.address != leader]
        followers[0].kill()
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
        machines.at(leader).kill()  # with one of three there is no majority
        with pytest.raises(dqlitepy.NoLeaderError):
            machines.connect(linearizable=True, leader_timeout=1.0)
        machines.at(leader).start()
        machines.at(leader).wait_ready()
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
        con.linearizable = False
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
        con.close()


def test_a_leader_alone_answers_no_linearizable_read(tmp_path: Path) -> None:
    with Machines(tmp_path, 3, network_latency=0.5) as machines:  # it takes a while to learn that it is alone
        client = machines.client()
        wait_for_voters(client, 3)
        with closing(machines.connect()) as patient:
            patient.execute("CREATE TABLE t (n INTEGER)")
        # Shorter than the leader needs to notice.
        con = despite_load(lambda: machines.connect(linearizable=True, leader_timeout=4.0))
        leader = client.leader().address
        for node in machines.nodes:
            if node.address != leader:
                node.kill()
        with pytest.raises(dqlitepy.NoLeaderError):
            con.execute("SELECT n FROM t")
        con.close()
