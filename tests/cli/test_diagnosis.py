# SPDX-License-Identifier: Apache-2.0
"""What `status` makes of contradicting views; real nodes that hold them are in test_status.py."""

from __future__ import annotations

import pytest
from dqlitepy import NodeInfo, NodeMetadata, Role
from dqlitepy._cli.diagnosis import View, cluster_in, complaint_of, was_removed

A, B, C, D = (NodeInfo(number, f"10.0.0.{number}:9000") for number in (1, 2, 3, 4))
SPARE = NodeInfo(5, "10.0.0.5:9000", Role.SPARE)
STANDBY = NodeInfo(6, "10.0.0.6:9000", Role.STANDBY)


def view(node: NodeInfo, members: list[NodeInfo], leader: NodeInfo | None) -> View:
    return View(node.address, members, leader, NodeMetadata(0, 0), 1.0)


def test_the_majority_says_who_leads() -> None:
    """An old leader that was cut off names itself for a while."""
    views = [view(A, [A, B, C], A), view(B, [A, B, C], B), view(C, [A, B, C], B)]
    for each in views, views[::-1]:
        assert cluster_in(each) == (B.address, [A, B, C])


def test_of_two_alike_the_larger_cluster_counts() -> None:
    """A node with an empty directory leads itself."""
    views = [view(A, [A], A), view(B, [A, B, C], B)]
    for each in views, views[::-1]:
        assert cluster_in(each) == (B.address, [A, B, C])


def test_the_leaders_list_is_the_newest() -> None:
    """A follower that lags, or a spare, may list one that has left."""
    assert cluster_in([view(B, [A, B, C, D], A), view(A, [A, B, C], A)]) == (A.address, [A, B, C])
    assert cluster_in([view(B, [A, B, C], A), view(SPARE, [], A)]) == (A.address, [A, B, C])


def test_without_a_leader_somebody_still_knows_the_members() -> None:
    assert cluster_in([view(SPARE, [], None), view(B, [A, B, C], None)]) == (None, [A, B, C])


@pytest.mark.parametrize(
    ("member", "said", "part", "passing"),
    [
        (B, view(B, [A, B, C], A), None, False),
        (B, view(B, [A, NodeInfo(9, B.address), C], A), "another node, with the id 9", False),
        (B, view(B, [], None), "nothing of the cluster's log", False),
        (B, view(B, [B], B), "lacks the leader", False),
        (B, view(B, [A, B, C], None), "hears of no leader", True),
        (B, view(B, [A, B, C], C), f"follows another leader, {C.address}", True),
        (STANDBY, view(STANDBY, [], None), "nothing of the cluster's log", True),
        (STANDBY, view(STANDBY, [A, STANDBY], None), None, False),
        (SPARE, view(SPARE, [], None), None, False),
        (SPARE, view(SPARE, [NodeInfo(9, SPARE.address)], None), "another node, with the id 9", False),
    ],
)
def test_what_is_wrong_with_a_member(member: NodeInfo, said: View, part: str | None, passing: bool) -> None:
    complaint = complaint_of(member, said, A.address)
    if part is None:
        assert complaint is None
    else:
        assert complaint is not None
        assert part in str(complaint)
        assert complaint.passing is passing


def test_without_a_leader_nobody_is_to_blame_for_knowing_none() -> None:
    assert complaint_of(B, view(B, [A, B, C], None), None) is None


def test_who_was_removed() -> None:
    assert was_removed(view(D, [A, B, C, D], None), A.address, [A, B, C])
    assert not was_removed(view(C, [A, B, C], A), A.address, [A, B, C])
    # Without a leader nobody knows, and by another name a member is a member.
    assert not was_removed(view(D, [A, B, C, D], None), None, [A, B, C])
    assert not was_removed(View("localhost:9000", [A, B, C], A, NodeMetadata(0, 0), 1.0), A.address, [A, B, C])
