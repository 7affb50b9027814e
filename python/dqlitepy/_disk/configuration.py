# SPDX-License-Identifier: Apache-2.0
"""The members of a cluster, as raft's log and snapshots hold them."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dqlitepy._disk.damage import Damaged

MOST_BYTES = 1024 * 1024
_FORMAT = 1
# Raft's codes in the log; the client protocol and cluster.yaml number them otherwise.
_ROLES = {0: "standby", 1: "voter", 2: "spare"}


@dataclass(frozen=True)
class Member:
    """One member: its id, "host:port" address, and "voter", "standby" or "spare"."""

    id: int
    address: str
    role: str


def decode_members(data: bytes) -> tuple[Member, ...]:
    """Returns the members in `data`.

    Raises:
        Damaged: it holds something else.
    """
    try:
        form, count = struct.unpack_from("<BQ", data)
        if form != _FORMAT or count > len(data):
            raise Damaged("the list of members is damaged")
        members = []
        position = 9
        for _ in range(count):
            (identity,) = struct.unpack_from("<Q", data, position)
            end = data.index(0, position + 8)
            members.append(Member(identity, data[position + 8 : end].decode(), _ROLES[data[end + 1]]))
            position = end + 2
    except (struct.error, ValueError, KeyError, IndexError):
        raise Damaged("the list of members is damaged") from None
    return tuple(members)
