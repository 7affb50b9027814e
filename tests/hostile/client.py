# SPDX-License-Identifier: Apache-2.0
"""Connections to a server that a test runs."""

from __future__ import annotations

import dqlitepy


def connect(*servers: str, isolation_level: str | None = None, leader_timeout: float = 15.0) -> dqlitepy.Connection:
    """Connects to the leader among `servers`; any thread may use and interrupt the connection."""
    return dqlitepy.connect(
        f"dqlite://{','.join(servers)}/main",
        timeout=0.5,
        isolation_level=isolation_level,
        check_same_thread=False,
        leader_timeout=leader_timeout,
    )
