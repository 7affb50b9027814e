# SPDX-License-Identifier: Apache-2.0
"""Connections of the real package to a server that a test runs."""

from __future__ import annotations

from typing import cast

import dqlitepy
from dqlitepy._abi import ConnectOptions
from dqlitepy._embedded import EmbeddedNode
from dqlitepy._handle import Handle
from dqlitepy._operations import Connect


class _NoNode:
    def release(self) -> None: ...
    def abandon(self) -> None: ...


class _Remote(dqlitepy.Connection):
    def __init__(self, servers: str, isolation_level: str | None, leader_timeout: float) -> None:
        options = ConnectOptions(
            servers=servers.encode(),
            database=b"main",
            busy_timeout_ms=500,
            leader_timeout_ms=int(leader_timeout * 1000),
        )
        self._node = cast(EmbeddedNode, _NoNode())
        self._initialize(Handle.open(Connect(options)), isolation_level, False, 128)


def connect(*servers: str, isolation_level: str | None = None, leader_timeout: float = 15.0) -> dqlitepy.Connection:
    """Connects to the leader among `servers`."""
    return _Remote("\n".join(servers), isolation_level, leader_timeout)
