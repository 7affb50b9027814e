# SPDX-License-Identifier: Apache-2.0
"""Short runs with fixed seeds, one for each family of faults: no violation, no abort, no hang, and some work done."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.jepsen.cluster import Cluster
from tests.jepsen.disk.mount import available
from tests.jepsen.isolated import isolated, run_isolated
from tests.jepsen.nemeses.table import DISKS, MEMBERSHIP, PARTITIONS, PROCESSES
from tests.jepsen.plan import draw
from tests.jepsen.runner import Report, burying
from tests.support import HANG, eventually

pytestmark = pytest.mark.usefixtures("namespaces")

_SECONDS = 10.0


def clean(tmp_path: Path, seed: int, **choices: Any) -> Report:
    """Runs a plan and returns its report, which has no violation."""
    plan = draw(seed, _SECONDS, **{"disks": False, **choices})
    report = run_isolated(plan, tmp_path)
    assert [str(violation) for violation in report.violations] == []
    assert not report.idle, report.outcomes
    return report


def test_readers_beside_writers_of_one_healthy_node(tmp_path: Path) -> None:
    """No fault at all: transfers put thousands of frames into the WAL while others read, inside and by TCP."""
    report = clean(tmp_path, 1, nodes=1, workloads=["bank", "wide", "set"], nemeses=[], snapshot=(512, 1024))
    assert report.wal > 0  # what was seen of it


@pytest.mark.parametrize("seed", [2, 3])
def test_leaders_that_lose_their_majority_while_they_live(tmp_path: Path, seed: int) -> None:
    """Writers queue on a leader that steps down, and what it began is lost for good."""
    names = ["pause-followers", "change-sides"]
    assert clean(tmp_path, seed, nodes=3, workloads=["set", "wide"], nemeses=names, inside=seed == 3).faults


def test_killed_and_suspended_nodes(tmp_path: Path) -> None:
    work = ["set", "append", "ddl"]
    assert clean(tmp_path, 4, nodes=3, workloads=work, nemeses=list(PROCESSES), snapshot=(4, 4)).faults


def test_partitions_of_a_cluster_with_tls(tmp_path: Path) -> None:
    work = ["append", "register", "counter"]
    assert clean(tmp_path, 5, nodes=3, workloads=work, nemeses=list(PARTITIONS), tls=True).faults


def test_members_that_come_and_go(tmp_path: Path) -> None:
    work = ["set", "bank", "register"]
    assert clean(tmp_path, 6, nodes=3, workloads=work, nemeses=list(MEMBERSHIP), snapshot=(32, 32)).faults


def test_five_nodes_and_several_faults_at_once(tmp_path: Path) -> None:
    names = [*PROCESSES, *PARTITIONS, *MEMBERSHIP]
    assert clean(tmp_path, 7, nodes=5, workloads=["set", "append", "counter"], nemeses=names).faults


@pytest.mark.skipif(not available(), reason="/dev/fuse may not be used here: the weekly run does")
def test_disks_that_forget_what_was_not_synced(tmp_path: Path) -> None:
    work = ["set", "append", "counter"]
    assert clean(tmp_path, 8, nodes=3, workloads=work, nemeses=list(DISKS), disks=True, prepared=True).faults


def test_a_node_that_ends_late_is_started_again_while_the_clients_stop(tmp_path: Path) -> None:
    """As one does that found a failing disk just before it healed. The others may have no majority without it."""

    def use() -> list[str]:
        cluster = Cluster(tmp_path, 1, tls=False, disks=False, prepared=False, relays=False, options={})
        cluster.start()
        [member] = cluster.members
        ended = member.process
        assert ended is not None
        with burying(cluster):
            ended.signal(signal.SIGKILL)
            eventually(lambda: member.process is not ended and member.running)
        cluster.stop(keep=False)
        return cluster.deaths

    [death] = isolated(use, tmp_path / "answer", 4 * HANG)
    assert death.startswith("node-0 ended with status -9")
