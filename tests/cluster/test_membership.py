# SPDX-License-Identifier: Apache-2.0
"""Joining, roles and changes of the membership by Client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import Role

from tests.cluster.machines import Machines, address, quick, wait_for_voters
from tests.support import HANG, eventually, failure_of, open_handles

Start = Callable[..., dqlitepy.Node]


def test_three_nodes_have_three_votes(three: list[dqlitepy.Node]) -> None:
    client = three[2].client(HANG)
    members = eventually(client.cluster, lambda members: all(member.role is Role.VOTER for member in members))
    assert [(member.id, member.address) for member in members] == [(node.id, node.address) for node in three]
    leader = client.leader()
    assert {node.leader for node in three} == {leader}
    assert {node.role for node in three} == {Role.VOTER}
    assert {client.leader_of(node.address) for node in three} == {leader}
    stats = three[0].stats()
    assert (stats.id, stats.address, stats.role, stats.leader) == (three[0].id, three[0].address, Role.VOTER, leader)
    assert stats.disk_bytes > 0
    assert stats.open_segments > 0


def test_two_nodes_have_one_vote(started: Start) -> None:
    """With two votes of two the loss of either would stop both."""
    first = started(address())
    second = started(address(), join=[first.address])
    client = first.client(HANG)
    assert [member.role for member in client.cluster()] == [Role.VOTER, Role.SPARE]
    assert second.role is Role.SPARE
    assert second.leader == client.leader()
    assert client.leader_of(second.address) == client.leader()


def test_a_node_without_a_vote_leads_to_the_cluster(started: Start) -> None:
    """Raft tells it nothing: whoever knows its address alone gets on with it all the same."""
    first = started(address())
    second = started(address(), join=[first.address])
    assert second.role is Role.SPARE
    client = dqlitepy.Client(second.address, timeout=HANG)
    assert client.leader().address == first.address
    client.set_weight(first.address, 3)
    assert client.describe(first.address).weight == 3
    con = dqlitepy.connect(f"dqlite://{second.address}", leader_timeout=HANG)
    con.execute("CREATE TABLE t (a)")
    con.close()
    third = started(address(), join=[second.address])
    assert {member.address for member in client.cluster()} == {first.address, second.address, third.address}
    # Those who have a vote are told by raft, and only by raft.
    wait_for_voters(client, 3)
    client.transfer(third.address)
    eventually(lambda: client.leader_of(second.address), lambda leader: leader == client.leader())


def test_the_second_of_two_nodes_goes_on_alone(started: Start) -> None:
    """The first one hands over its leadership and the only vote before it goes."""
    first = started(address(), roles_interval=60)  # so that it has not looked at the members since the other joined
    second = started(address(), join=[first.address])
    con = dqlitepy.connect(first)
    con.execute("CREATE TABLE t (a)")
    con.close()
    first.close()
    con = dqlitepy.connect(second)
    con.execute("INSERT INTO t VALUES (1)")
    con.commit()
    con.close()
    assert (second.role, second.leader) == (Role.VOTER, dqlitepy.NodeInfo(second.id, second.address))
    first.start()
    first.wait_ready()
    assert first.role is Role.SPARE
    assert set(first.servers) == {first.address, second.address}


def test_a_vote_is_handed_over_to_who_has_none(three: list[dqlitepy.Node], started: Start) -> None:
    client = three[0].client(HANG)
    wait_for_voters(client, 3)
    fourth = started(address(), join=[three[0].address])
    eventually(lambda: fourth.role, lambda role: role is Role.STANDBY)
    three[1].close()
    roles = {member.address: member.role for member in dqlitepy.Client(fourth.address, timeout=HANG).cluster()}
    assert roles[fourth.address] is Role.VOTER
    assert roles[three[1].address] is Role.SPARE


def test_seven_nodes_get_three_votes_and_three_standbys(tmp_path: Path) -> None:
    with Machines(tmp_path, 7) as machines:
        client = machines.client()

        def roles() -> list[Role]:
            return sorted(member.role for member in client.cluster())

        eventually(roles, ([Role.VOTER] * 3 + [Role.STANDBY] * 3 + [Role.SPARE]).__eq__)
        voter = next(m for m in client.cluster() if m.role is Role.VOTER and m.address != client.leader().address)
        machines.at(voter.address).kill()  # a standby takes its place
        eventually(
            lambda: {member.address: member.role for member in client.cluster()},
            lambda now: now[voter.address] is not Role.VOTER and list(now.values()).count(Role.VOTER) == 3,
        )


def test_voters_are_spread_over_failure_domains(started: Start) -> None:
    first = started(address(), failure_domain=1)
    others = [started(address(), join=[first.address], failure_domain=domain) for domain in (1, 2, 3)]
    client = first.client(HANG)

    def domains() -> set[int]:
        return {client.describe(m.address).failure_domain for m in client.cluster() if m.role is Role.VOTER}

    assert eventually(domains, lambda found: len(found) == 3) == {1, 2, 3}
    told = client.describe(others[1].address)
    assert (told.failure_domain, told.weight) == (2, 0)
    assert told.term and told.last_index and told.disk_bytes
    client.set_weight(others[1].address, 2**63)
    assert client.describe(others[1].address).weight == 2**63


def test_the_leadership_goes_where_it_is_sent(three: list[dqlitepy.Node]) -> None:
    client = dqlitepy.Client(three[0].address, timeout=HANG)
    wait_for_voters(client, 3)
    for node in (three[2], three[1], three[1], three[0]):
        client.transfer(node.id)
        assert client.leader() == dqlitepy.NodeInfo(node.id, node.address)
    client.transfer(three[1].address)
    assert client.leader().id == three[1].id


def test_a_node_leaves_and_its_place_is_free(three: list[dqlitepy.Node], started: Start, tmp_path: Path) -> None:
    client = dqlitepy.Client([node.address for node in three], timeout=HANG)
    wait_for_voters(client, 3)
    client.transfer(three[0].id)
    with pytest.raises(dqlitepy.OperationalError, match="leads the cluster and cannot be removed: transfer"):
        client.remove(three[0].id)
    with pytest.raises(dqlitepy.OperationalError, match="leads the cluster and cannot become spare: transfer"):
        client.assign(three[0].address, Role.SPARE)
    three[2].close()
    newcomer = dqlitepy.Node(tmp_path / "newcomer", address=three[2].address, join=[three[0].address])
    with newcomer:
        failure_of(newcomer.wait_ready, dqlitepy.OperationalError, "belongs to another node.*Remove that one")
    client.remove(three[2].address)
    assert len(client.cluster()) == 2
    again = started(three[2].address, tmp_path / "newcomer", join=[three[0].address])
    assert again.id != three[2].id
    wait_for_voters(client, 3)


def test_a_bare_node_does_what_it_is_told(three: list[dqlitepy.Node], tmp_path: Path) -> None:
    client = dqlitepy.Client(three[0].address, timeout=HANG)
    with dqlitepy.Node(tmp_path / "bare", address=address(), id=77, bare=True, **quick()) as bare:
        assert (bare.id, bare.role) == (77, None)
        assert client.add(bare.address, id=77, role=Role.STANDBY) == dqlitepy.NodeInfo(77, bare.address, Role.STANDBY)
        assert client.add(bare.address, id=77, role=Role.STANDBY).id == 77  # it is so already
        with pytest.raises(dqlitepy.OperationalError, match="is a member already"):
            client.add(bare.address, id=78)
        client.assign(77, Role.VOTER)
        client.assign(77, Role.VOTER)
        eventually(lambda: bare.role, lambda role: role is not Role.STANDBY)
        client.remove(77)
        for what in (77, bare.address):
            with pytest.raises(dqlitepy.OperationalError, match="no node of the cluster has the"):
                client.remove(what)


def test_what_cannot_be_asked(three: list[dqlitepy.Node]) -> None:
    client = dqlitepy.Client(three[0].address, timeout=HANG)
    for refused in (
        lambda: client.assign(0, Role.VOTER),
        lambda: client.assign(2**64, Role.VOTER),
        lambda: client.assign(-1, Role.VOTER),
        lambda: client.assign(three[0].id, 3),  # type: ignore[arg-type]
        lambda: client.set_weight(three[0].address, -1),
        lambda: client.describe("nonsense:port"),
        lambda: client.dump("a\0b"),
        lambda: dqlitepy.Client([]),
        lambda: dqlitepy.Client(three[0].address, timeout=float("nan")),
    ):
        with pytest.raises(ValueError):
            refused()
    with pytest.raises(dqlitepy.DatabaseError, match="has no database 'nothing'"):
        client.dump("nothing", address=three[0].address)
    with pytest.raises(dqlitepy.OperationalError, match="connection refused"):
        client.describe(address())


def test_tasks_leave_no_handles(three: list[dqlitepy.Node]) -> None:
    client = three[0].client(HANG)
    before = open_handles()
    client.cluster()
    three[0].stats()
    with pytest.raises(dqlitepy.OperationalError):
        client.remove(7)
    with pytest.raises(dqlitepy.NoLeaderError):
        dqlitepy.Client(address(), timeout=0.01).leader()
    assert open_handles() == before
