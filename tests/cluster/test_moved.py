# SPDX-License-Identifier: Apache-2.0
"""Nodes that get another address keep their place in the cluster, and old copies of them do not take it."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing
from functools import partial
from operator import lt
from pathlib import Path

import dqlitepy
import pytest

from tests.cluster.machines import NodeProcess, address, addresses, quick, voters
from tests.support import HANG, eventually, failure_of


class Writer(threading.Thread):
    """Writes numbers, each by itself, and keeps which were acknowledged."""

    def __init__(self, servers: list[str]) -> None:
        super().__init__()
        self._servers = servers
        self._stopped = threading.Event()
        self.acknowledged: list[int] = []
        self.unknown: list[int] = []

    def run(self) -> None:
        url = f"dqlite://{','.join(self._servers)}/main"
        with closing(dqlitepy.connect(url, isolation_level=None, leader_timeout=HANG)) as con:
            con.execute("CREATE TABLE t (n INTEGER)")
            number = 0
            while not self._stopped.is_set():
                number += 1
                try:
                    con.execute("INSERT INTO t VALUES (?)", (number,))
                    self.acknowledged.append(number)
                except dqlitepy.AmbiguousCommitError:
                    self.unknown.append(number)

    def stop(self) -> None:
        """Ends it and waits for that."""
        self._stopped.set()
        self.join()


def test_three_nodes_move_one_after_the_other(tmp_path: Path) -> None:
    old, new = addresses(3), addresses(3)
    nodes = [NodeProcess(tmp_path / f"n{n}", at, join=old[:1] if n else []) for n, at in enumerate(old)]
    writer = Writer(old)
    try:
        for node in nodes:
            node.start()
            node.wait_ready()
        ids = {member.address: member.id for member in eventually(dqlitepy.Client(old, timeout=HANG).cluster)}
        eventually(lambda: voters(dqlitepy.Client(old, timeout=HANG)), lambda count: count == 3)
        writer.start()
        eventually(lambda: writer.acknowledged)
        for n in range(3):
            nodes[n].close()
            nodes[n] = NodeProcess(tmp_path / f"n{n}", new[n], join=old[:1] if n else [], moved_from=old[n])
            nodes[n].start()
            nodes[n].wait_ready()
            # The next one may only go when this one votes again.
            client = dqlitepy.Client(new[: n + 1], timeout=HANG)
            eventually(partial(voters, client), lambda count: count == 3)
            written = len(writer.acknowledged)
            eventually(lambda: len(writer.acknowledged), partial(lt, written))
        writer.stop()
        assert {member.address: member.id for member in client.cluster()} == {
            after: ids[before] for before, after in zip(old, new, strict=True)
        }
        for at in new:  # each has all of them, and may lead
            client.transfer(at)
            with closing(dqlitepy.connect(f"dqlite://{at}/main", leader_timeout=HANG)) as con:
                found = [n for (n,) in con.execute("SELECT n FROM t ORDER BY n")]
            assert set(writer.acknowledged) <= set(found) <= {*writer.acknowledged, *writer.unknown}
            assert len(found) == len(set(found))
        # What is said of the move may stay, and the directory knows the address by now.
        nodes[0].close()
        nodes[0].start()
        nodes[0].wait_ready()
        assert dqlitepy.node_info(tmp_path / "n0") == dqlitepy.NodeInfo(ids[old[0]], new[0])
    finally:
        if writer.is_alive():
            writer.stop()
        for node in nodes:
            if node.running:
                node.kill()


def test_a_node_that_is_alone(tmp_path: Path) -> None:
    old, new = address(), address()
    with dqlitepy.Node(tmp_path, address=old, **quick()) as node, closing(dqlitepy.connect(node)) as con:
        node.wait_ready(HANG)
        number = node.id
        con.execute("CREATE TABLE t (n INTEGER)")
    told = failure_of(lambda _: dqlitepy.Node(tmp_path, address=new).start(), dqlitepy.OperationalError, "belongs to")
    assert f"the address {old}, not {new}" in told and "give that address as moved_from" in told
    with pytest.raises(dqlitepy.OperationalError, match="belongs to"):
        dqlitepy.Node(tmp_path, address=new, moved_from=address()).start()
    with (
        dqlitepy.Node(tmp_path, address=new, moved_from=old, **quick()) as node,
        closing(dqlitepy.connect(node)) as con,
    ):
        node.wait_ready(HANG)
        assert node.client().cluster() == [dqlitepy.NodeInfo(number, new)]
        con.execute("INSERT INTO t VALUES (1)")
        con.commit()
    with dqlitepy.Node(tmp_path, **quick()) as node, closing(dqlitepy.connect(node)) as con:
        assert node.address == new
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_a_copy_does_not_take_the_place_of_a_node_that_runs(tmp_path: Path) -> None:
    old, new = addresses(2)
    with dqlitepy.Node(tmp_path / "n", address=old, **quick()) as node:
        node.wait_ready(HANG)
        shutil.copytree(tmp_path / "n", tmp_path / "copy")
        with pytest.raises(dqlitepy.OperationalError, match=f"cannot move: a node still runs at {old}"):
            dqlitepy.Node(tmp_path / "copy", address=new, moved_from=old).start()
        assert node.client().cluster() == [dqlitepy.NodeInfo(node.id, old)]
    # Nothing of the attempt was kept.
    assert dqlitepy.node_info(tmp_path / "copy") == dqlitepy.NodeInfo(node.id, old)


def test_an_old_copy_does_not_move_the_node_back(tmp_path: Path) -> None:
    old, new = addresses(3), address()
    nodes = [NodeProcess(tmp_path / f"n{n}", at, join=old[:1] if n else []) for n, at in enumerate(old)]
    try:
        for node in nodes:
            node.start()
            node.wait_ready()
        client = dqlitepy.Client(old[:2], timeout=HANG)
        eventually(lambda: voters(client), lambda count: count == 3)
        nodes[2].close()
        shutil.copytree(tmp_path / "n2", tmp_path / "copy")
        nodes[2] = NodeProcess(tmp_path / "n2", new, moved_from=old[2])
        nodes[2].start()
        nodes[2].wait_ready()
        with dqlitepy.Node(tmp_path / "copy", address=old[2], **quick()) as copy:
            told = failure_of(
                copy.wait_ready, dqlitepy.OperationalError, f"is at {new} in its cluster, not at {old[2]}"
            )
            assert "an old copy of its directory: stop it" in told
            assert new in [member.address for member in client.cluster()]
        with dqlitepy.Node(tmp_path / "copy", address=old[2], moved_from=new, **quick()) as copy:
            failure_of(copy.wait_ready, dqlitepy.OperationalError, f"a node still runs at {new}")
            assert new in [member.address for member in client.cluster()]
    finally:
        for node in nodes:
            if node.running:
                node.kill()


def test_a_move_needs_an_address(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="address="):
        dqlitepy.Node(tmp_path, moved_from=address())
