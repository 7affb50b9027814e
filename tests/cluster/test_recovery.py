# SPDX-License-Identifier: Apache-2.0
"""A cluster that has lost its majority for good comes back, with all that the newest of the survivors has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest

from tests.cluster.machines import Machines, address, quick, voters, wait_for_voters
from tests.support import HANG

Start = Callable[..., dqlitepy.Node]


def insert(con: dqlitepy.Connection, count: int) -> None:
    for n in range(count):
        con.execute("INSERT INTO t VALUES (?)", (n,))
        con.commit()


def test_the_newest_of_two_survivors_leads_again(tmp_path: Path) -> None:
    with Machines(tmp_path, 3) as machines:
        client = machines.client()
        wait_for_voters(client, 3)
        con = machines.connect()
        con.execute("CREATE TABLE t (n)")
        insert(con, 10)
        follower = next(node for node in machines.nodes if node.address != client.leader().address)
        follower.kill()
        insert(con, 10)
        con.close()
        survivor = next(node for node in machines.nodes if node.running and node.address != client.leader().address)
        with pytest.raises(dqlitepy.OperationalError, match="in use by process"):
            dqlitepy.recover([follower.directory, survivor.directory])
        machines.kill()
        last = {node: dqlitepy.last_entry(node.directory) for node in (follower, survivor)}
        assert last[follower] < last[survivor]
        recovery = dqlitepy.recover([follower.directory, survivor.directory])
    assert recovery.directory == str(survivor.directory)
    assert recovery.last_entry == last[survivor]
    assert recovery.others == (str(follower.directory),)
    assert [member.address for member in recovery.members] == [survivor.address]
    assert dqlitepy.last_entry(recovery.backup) == last[survivor]
    assert str(follower.directory) in recovery.instructions
    with dqlitepy.Node(recovery.directory, **quick()) as first:
        first.wait_ready()
        con = dqlitepy.connect(first)
        assert con.execute("SELECT count(*) FROM t").fetchone() == (20,)
        insert(con, 5)
        con.close()
        shutil.rmtree(follower.directory)
        with dqlitepy.Node(follower.directory, address=follower.address, join=[first.address], **quick()) as other:
            other.wait_ready()
            assert {node.address for node in other.client(HANG).cluster()} == {first.address, follower.address}


def test_a_single_node_moves_to_another_address(started: Start) -> None:
    node = started(address())
    con = dqlitepy.connect(node)
    con.execute("CREATE TABLE t (n)")
    con.close()
    node.close()
    moved = address()
    recovery = dqlitepy.recover(node.directory, members=[dqlitepy.NodeInfo(node.id, moved)])
    assert moved in recovery.instructions
    again = started(moved, Path(node.directory))
    assert again.id == node.id
    con = dqlitepy.connect(again)
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    con.close()


def test_three_members_from_one_directory(started: Start, tmp_path: Path) -> None:
    node = started(address())
    con = dqlitepy.connect(node)
    con.execute("CREATE TABLE t (n)")
    con.close()
    node.close()
    members = [
        dqlitepy.NodeInfo(node.id, node.address),
        dqlitepy.NodeInfo(71, address()),
        dqlitepy.NodeInfo(72, address()),
    ]
    recovery = dqlitepy.recover(node.directory, members=members)
    assert "copies of" in recovery.instructions
    nodes = []
    for member in members[1:]:
        copy = tmp_path / str(member.id)
        shutil.copytree(node.directory, copy)
        (copy / "info.yaml").write_text(f"ID: {member.id}\nAddress: {member.address}\nRole: 0\n")
        nodes.append(dqlitepy.Node(copy, **quick()).start())
    first = started(node.address, Path(node.directory))
    for other in nodes:
        other.wait_ready()
    assert voters(first.client(HANG)) == 3
    for other in nodes:
        other.close()


def test_a_recovery_that_fails_can_be_tried_again(started: Start) -> None:
    node = started(address())
    node.close()
    own = dqlitepy.NodeInfo(node.id, node.address)
    many = [own, *(dqlitepy.NodeInfo(number, f"127.0.0.1:{number}") for number in range(20_000, 22_000))]
    with pytest.raises(dqlitepy.OperationalError, match="data is too big"):
        dqlitepy.recover(node.directory, members=many)
    assert dqlitepy.recover(node.directory, members=[own]).members == (own,)


def test_what_cannot_be_recovered(started: Start, tmp_path: Path) -> None:
    node = started(address())
    with pytest.raises(dqlitepy.OperationalError, match="in use by this process"):
        dqlitepy.recover(node.directory)
    node.close()
    own = dqlitepy.NodeInfo(node.id, node.address)
    for members, message in (
        ([dqlitepy.NodeInfo(7, address())], "must be one of the members"),
        ([dqlitepy.NodeInfo(node.id, node.address, dqlitepy.Role.SPARE)], "and a voter"),
        ([own, dqlitepy.NodeInfo(7, node.address)], "the same id or address"),
        ([own, dqlitepy.NodeInfo(7, "nowhere:0")], "its port must be"),
    ):
        with pytest.raises(ValueError, match=message):
            dqlitepy.recover(node.directory, members=members)
    with pytest.raises(ValueError, match="no directory"):
        dqlitepy.recover([])
    with pytest.raises(ValueError, match="null character"):  # and not the entry of what stands before it
        dqlitepy.last_entry(f"{node.directory}\0")
    with pytest.raises(dqlitepy.OperationalError, match="does not hold a node's data"):
        dqlitepy.recover(tmp_path / "nothing")
    dqlitepy.connect(tmp_path / "embedded").close()
    with pytest.raises(dqlitepy.OperationalError, match="an embedded database, which is alone"):
        dqlitepy.recover(tmp_path / "embedded")
    (tmp_path / "backup").mkdir()
    with pytest.raises(dqlitepy.OperationalError, match="cannot be copied .*Nothing was changed"):
        dqlitepy.recover(node.directory, backup=tmp_path / "backup")
    assert sorted(path.name for path in Path(node.directory).parent.iterdir()) == [
        "backup",
        "embedded",
        Path(node.directory).name,
    ]
    started(node.address, Path(node.directory))
