# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a member that answers: what it says of the cluster, beside what the cluster says of it."""

from __future__ import annotations

from dataclasses import dataclass

import dqlitepy


@dataclass(frozen=True)
class View:
    """What one node says."""

    address: str
    members: list[dqlitepy.NodeInfo]  # as this node knows them
    leader: dqlitepy.NodeInfo | None
    metadata: dqlitepy.NodeMetadata
    milliseconds: float


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one member."""

    text: str
    passing: bool  # whether it is also the case for a moment after an election or a start

    def __str__(self) -> str:
        return self.text


def cluster_in(views: list[View]) -> tuple[str | None, list[dqlitepy.NodeInfo]]:
    """Returns the address of the leader that most of the nodes name, None for none, and who the members are."""
    following: dict[str, list[View]] = {}
    for view in views:
        if view.leader is not None:
            following.setdefault(view.leader.address, []).append(view)
    if not following:
        return None, max((view.members for view in views), key=len)
    # A node that was cut off may still name an old one, and a rebuilt one may lead a cluster of its own.
    leader, their_views = max(following.items(), key=lambda item: (len(item[1]), _longest(item[1])))
    newest = [view for view in their_views if view.address == leader]
    return leader, max((view.members for view in newest or their_views), key=len)


def _longest(views: list[View]) -> int:
    return max(len(view.members) for view in views)


def complaint_of(member: dqlitepy.NodeInfo, view: View, leader: str | None) -> Complaint | None:
    """Returns what is wrong with a member that has this view, None for nothing.

    Args:
        member: as the cluster lists it.
        view: what the node at its address says.
        leader: the address of the cluster's leader, None where there is none.
    """
    own = next((each for each in view.members if each.address == member.address), None)
    remedy = f"remove {member.id} from the cluster, and let the node join with an empty directory"
    if own is not None and own.id != member.id:
        return Complaint(
            f"it is another node, with the id {own.id}: its directory was replaced; {remedy}", passing=False
        )
    if member.role is dqlitepy.Role.SPARE:
        return None  # it hears of no leader, and its list is as old as its last vote
    if own is None:
        # A standby gets its role first and the log after that.
        passing = member.role is not dqlitepy.Role.VOTER
        return Complaint(f"it has nothing of the cluster's log: its directory was replaced; {remedy}", passing)
    if leader is None or member.role is not dqlitepy.Role.VOTER:
        return None
    if not any(each.address == leader for each in view.members):
        return Complaint(
            f"its own list of members lacks the leader: its directory was replaced, or is old; {remedy}", passing=False
        )
    if view.leader is None:
        return Complaint("it hears of no leader: can the leader reach it, and has its disk room?", passing=True)
    if view.leader.address != leader:
        return Complaint(f"it follows another leader, {view.leader.address}", passing=True)
    return None


def was_removed(view: View, leader: str | None, members: list[dqlitepy.NodeInfo]) -> bool:
    """Tells whether the node with this view takes itself for a member of a cluster that has removed it."""
    listed = any(member.address == view.address for member in members)
    # By another name than its own, a member does not find itself in its list either.
    return leader is not None and not listed and any(member.address == view.address for member in view.members)
