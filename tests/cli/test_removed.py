# SPDX-License-Identifier: Apache-2.0
"""A node that is removed while it runs says so: in its log, and by its metrics."""

from __future__ import annotations

import logging
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy._cli.metrics import metrics_of

from tests.support import HANG, eventually, free_address


def figures(node: dqlitepy.Node) -> dict[str, float]:
    """Returns the metrics that have no labels."""
    return {metric.name: value for metric in metrics_of(node) for labels, value in metric.values if not labels}


def test_log_and_metrics_of_a_node_that_was_removed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="dqlitepy")
    with (
        dqlitepy.Node(tmp_path / "n1", address=free_address(), roles_interval=0.1) as first,
        dqlitepy.Node(tmp_path / "n2", address=free_address(), join=[first.address], roles_interval=0.1) as second,
    ):
        second.wait_ready(HANG)
        told = figures(second)
        assert (told["dqlitepy_is_member"], told["dqlitepy_has_leader"]) == (1, 1)
        first.client(HANG).remove(second.id)
        told = eventually(lambda: figures(second), lambda told: not told["dqlitepy_is_member"])
        assert (told["dqlitepy_has_leader"], told["dqlitepy_is_leader"]) == (0, 0)
        eventually(lambda: "is not a member of its cluster any more: it was removed" in caplog.text)
        told = figures(first)
        assert (told["dqlitepy_is_member"], told["dqlitepy_has_leader"], told["dqlitepy_is_leader"]) == (1, 1, 1)
