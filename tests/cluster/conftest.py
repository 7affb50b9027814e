# SPDX-License-Identifier: Apache-2.0
"""Clusters, whose nodes are gone at the end of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dqlitepy
import pytest

from tests.cluster.machines import Machines, addresses, quick, wait_for_voters


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., dqlitepy.Node]]:
    """Starts nodes in this process, which are closed at the end of the test."""
    nodes: list[dqlitepy.Node] = []

    def start(at: str, directory: Path | None = None, **options: Any) -> dqlitepy.Node:
        node = dqlitepy.Node(directory or tmp_path / f"node{len(nodes)}", address=at, **quick(**options))
        node.start()
        nodes.append(node)
        node.wait_ready(120)
        return node

    yield start
    for node in reversed(nodes):
        node.close(handover=False)


@pytest.fixture
def three(started: Callable[..., dqlitepy.Node]) -> list[dqlitepy.Node]:
    """A cluster of three nodes in this process."""
    at = addresses(3)
    return [started(own, join=at[:1] if number else []) for number, own in enumerate(at)]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A cluster of three voters in processes of their own."""
    with Machines(tmp_path, 3) as cluster:
        client = cluster.client()
        wait_for_voters(client, 3)
        yield cluster
