# SPDX-License-Identifier: Apache-2.0
"""What there is to know about the nodes of a cluster."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Role(enum.IntEnum):
    """What a node does in its cluster."""

    VOTER = 0
    """Has the data and a vote: may lead."""
    STANDBY = 1
    """Has the data, and becomes a voter where one is missing."""
    SPARE = 2
    """Has neither, and stands by for the others."""

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class NodeInfo:
    """A member of a cluster."""

    id: int
    address: str
    role: Role = Role.VOTER


@dataclass(frozen=True)
class NodeMetadata:
    """What a node reports about itself."""

    failure_domain: int
    """Nodes that fail together, say those of one rack, have the same; voters are spread over them."""
    weight: int
    """Among those of one failure domain, nodes with less weight are promoted first. Lost when the node stops."""
    term: int | None = None
    """The term that the node is in. As all that follows None from a node that dqlitepy does not run."""
    last_index: int | None = None
    """The last entry of the node's log, 0 for none; the lag is the difference to the leader's."""
    disk_bytes: int | None = None
    """What the node's directory takes."""


@dataclass(frozen=True)
class ConnectionInfo:
    """A client that is connected to a node, at one moment."""

    id: int
    """The first one that came since the node started has 1."""
    address: str
    """The "host:port" that it comes from; "" where it has none, within the process of the node."""
    in_process: bool
    """Whether it is known to come from the process of the node."""
    database: str
    """The name of the database that it has open; "" for none."""
    state: str
    """What it does: "running", "waiting" for another one that writes, or "idle", also if it does not take its rows."""
    connected_seconds: float
    """How long it has been there."""
    state_seconds: float
    """How long ago it was last heard, or told, anything."""
    in_transaction: bool
    """Whether it has a transaction open that reads or writes. One that has only begun does neither."""
    holds_lock: bool
    """Whether it writes, so that nobody else can write to the database until it has ended."""
    transaction_seconds: float | None
    """How long ago its transaction, or what it writes outside of one, began; None where there is neither."""


@dataclass(frozen=True, order=True)
class LastEntry:
    """The end of a node's log. The greatest of several is the newest."""

    term: int
    index: int


@dataclass(frozen=True)
class NodeStats:
    """A node of this process at one moment."""

    id: int
    address: str
    role: Role | None
    """None while the node is no member of a cluster."""
    leader: NodeInfo | None
    """None while none is known."""
    disk_bytes: int
    """What the node's directory takes."""
    open_segments: int
    """Files of the log that are being written, or prepared for it."""
    closed_segments: int
    """Files of the log that are full."""
    snapshots: int
    snapshot_index: int
    """The last entry of the log that the newest snapshot covers, 0 without one."""
    term: int
    """The term that the node is in."""
    last_index: int
    """The last entry of the node's log, 0 for none."""
