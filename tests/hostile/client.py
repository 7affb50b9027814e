# SPDX-License-Identifier: Apache-2.0
"""Connections to a server that a test runs."""

from __future__ import annotations

import dqlitepy
import pytest


def connect(
    *servers: str, isolation_level: str | None = None, leader_timeout: float = 15.0, timeout: float = 0.5
) -> dqlitepy.Connection:
    """Connects to the leader among `servers`; any thread may use and interrupt the connection."""
    return dqlitepy.connect(
        f"dqlite://{','.join(servers)}/main",
        timeout=timeout,
        isolation_level=isolation_level,
        check_same_thread=False,
        leader_timeout=leader_timeout,
    )


def refused(*servers: str) -> str:
    """Connects without a reachable leader and returns the error's text.

    Whoever has not answered yet, which may be this machine's fault, gets more time: what counts is what it answers.
    """
    for patience in (0.2, 2.0, 20.0):
        with pytest.raises(dqlitepy.NoLeaderError) as caught:
            connect(*servers, leader_timeout=patience)
        if "did not answer in time" not in str(caught.value):
            break
    return str(caught.value)
