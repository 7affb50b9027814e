# SPDX-License-Identifier: Apache-2.0
"""A node for each test, and a connection to it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patches.cluster import HEARD_LATENCY_MS, Cluster, start
from tests.patches.node import NodeProcess
from tests.patches.peer import Listener
from tests.patches.wire import Client
from tests.support import free_address

# So that the node leads again soon when it has followed the member.
LATENCY_MS = 20


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A node; the test fails if it does not stop cleanly afterwards, whatever the test did to it."""
    process = NodeProcess(tmp_path)
    try:
        yield process
        assert process.stop() == 0, "the node's process did not end cleanly"
    except subprocess.TimeoutExpired:
        pytest.fail("the node does not stop")
    finally:
        process.kill()


@pytest.fixture
def client(node: NodeProcess) -> Iterator[Client]:
    """A connection to the node."""
    with node.client() as connection:
        yield connection


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A fresh node and a member that is played; the node must stop with 0, whatever was sent to it."""
    cluster = start(tmp_path / "data", free_address(), latency_ms=LATENCY_MS)
    try:
        yield cluster
        assert cluster.node.stop() == 0, cluster.node.log()
    finally:
        cluster.node.kill()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Where a node reaches the server that is played."""
    with Listener() as where:
        yield where


@pytest.fixture
def heard_cluster(tmp_path: Path, listener: Listener) -> Iterator[Cluster]:
    """A node that leads, and a member that is played and hears what the node says."""
    cluster = start(tmp_path / "node", listener.address, latency_ms=HEARD_LATENCY_MS)
    yield cluster
    cluster.node.kill()
