# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy status` tells when a member that answers is not what the cluster takes it for."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dqlitepy as package
import pytest

from tests.cli.command import dqlitepy, succeed
from tests.cli.nodes import NodeProcess, ThreeNodes, three_nodes
from tests.support import HANG, eventually


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ThreeNodes]:
    with three_nodes(tmp_path) as cluster:
        yield cluster


def status(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = dqlitepy("status", *arguments, "--json")
    assert result.stderr == "", result
    return result.returncode, json.loads(result.stdout)


def errors(report: dict[str, Any]) -> dict[str, str]:
    return {member["address"]: member["error"] for member in report["members"] if member["error"]}


def until(cluster: ThreeNodes, is_right: Callable[[dict[str, str]], object]) -> tuple[int, dict[str, Any]]:
    """Asks until the errors are right, and returns what was said then."""
    return eventually(lambda: status(cluster.servers), lambda said: is_right(errors(said[1])))


def rebuild(cluster: ThreeNodes, position: int, *join: str) -> str:
    """Starts a node with an empty directory at the address of another one, and returns the address."""
    cluster.nodes[position].kill()
    shutil.rmtree(cluster.directory(position))
    address = cluster.addresses[position]
    cluster.nodes[position] = NodeProcess(cluster.directory(position), "--address", address, *join)
    return address


def followers(cluster: ThreeNodes) -> list[int]:
    leader = package.Client(cluster.addresses, timeout=HANG).leader().address
    return [position for position, address in enumerate(cluster.addresses) if address != leader]


def test_an_empty_directory_that_wants_to_join(cluster: ThreeNodes) -> None:
    others = followers(cluster)
    address = rebuild(cluster, others[-1], "--join", cluster.addresses[0])
    code, report = until(cluster, lambda wrong: "nothing of the cluster's log" in wrong.get(address, ""))
    assert code == 1
    assert set(errors(report)) == {address}
    (member,) = (member for member in report["members"] if member["address"] == address)
    assert (member["answers"], member["role"]) == (True, "voter")
    assert f"remove {member['id']} from the cluster" in member["error"]
    # Which is what helps.
    succeed("shell", cluster.servers, "-c", f".remove {member['id']}")
    cluster.nodes[others[-1]].wait_ready()
    cluster.wait_for_votes()
    assert until(cluster, lambda wrong: not wrong)[0] == 0


def test_an_empty_directory_that_begins_a_cluster_of_its_own(cluster: ThreeNodes) -> None:
    address = rebuild(cluster, followers(cluster)[-1])
    code, report = until(cluster, lambda wrong: "it is another node, with the id" in wrong.get(address, ""))
    assert (code, set(errors(report))) == (1, {address})
    assert report["leader"] in cluster.addresses
    assert report["leader"] != address


def test_the_first_node_without_its_directory(cluster: ThreeNodes) -> None:
    """Its id is the same again, as every first node of a cluster has it."""
    succeed("shell", cluster.servers, "-c", f".transfer {cluster.addresses[1]}")
    address = rebuild(cluster, 0)
    code, report = until(cluster, lambda wrong: "lacks the leader" in wrong.get(address, ""))
    assert (code, report["leader"]) == (1, cluster.addresses[1])
    # Also where the one that is wrong is asked beside a single other one.
    code, report = status(f"{address},{cluster.addresses[2]}")
    assert (code, report["leader"], len(report["members"])) == (1, cluster.addresses[1], 3)


def test_a_node_that_was_removed_while_it_ran(cluster: ThreeNodes) -> None:
    position = followers(cluster)[-1]
    address = cluster.addresses[position]
    succeed("shell", cluster.servers, "-c", f".remove {address}")
    code, report = eventually(lambda: status(cluster.servers), lambda said: said[1]["removed"])
    assert (code, report["removed"], len(report["members"])) == (1, [address], 2)
    assert f"{address}: it was removed from the cluster, and still runs" in dqlitepy("status", cluster.servers).stdout
    # Whoever asks this one alone is led to the others.
    code, report = status(address)
    assert (code, report["removed"], len(report["members"])) == (1, [address], 2)
    cluster.nodes[position].kill()
    assert status(cluster.servers)[0] == 0


@contextmanager
def full_disk(cluster: ThreeNodes, position: int) -> Iterator[None]:
    """Lets a node write nothing more, as if its disk were full."""
    process = cluster.nodes[position].process.pid
    limits = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, limits[1]))
    yield
    resource.prlimit(process, resource.RLIMIT_FSIZE, limits)


def test_a_leader_whose_disk_is_full(cluster: ThreeNodes) -> None:
    """Another leads, and it is named; when there is room again, it goes on by itself."""
    succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n)")
    leader = package.Client(cluster.addresses, timeout=HANG).leader().address
    with full_disk(cluster, cluster.addresses.index(leader)):
        result = dqlitepy("shell", cluster.servers, "-c", "INSERT INTO t VALUES (1)")
        assert result.returncode == 0 or "could not write" in result.stderr
        code, _ = until(cluster, lambda wrong: "has its disk room?" in wrong.get(leader, ""))
        assert code == 1
        code, _ = eventually(lambda: status(cluster.servers), lambda said: said[1]["leader"] not in (None, leader))
        assert code == 1
        succeed("shell", cluster.servers, "-c", "INSERT INTO t VALUES (2)")
    eventually(lambda: status(cluster.servers, "--max-lag", "0")[0], lambda code: code == 0)


def test_a_member_that_lags(cluster: ThreeNodes) -> None:
    """Its disk is full, as far as it can tell. When there is room again, it goes on by itself."""
    position = followers(cluster)[-1]
    address = cluster.addresses[position]
    with full_disk(cluster, position):
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n);" + "INSERT INTO t VALUES (1);" * 20)
        assert status(cluster.servers)[0] == 0
        assert status(cluster.servers, "--max-lag", "100")[0] == 0
        code, report = status(cluster.servers, "--max-lag", "10")
        assert (code, set(errors(report))) == (1, {address})
        (member,) = (member for member in report["members"] if member["address"] == address)
        assert member["error"].startswith(f"it is {member['lag']} entries behind")
    eventually(lambda: status(cluster.servers, "--max-lag", "0")[0], lambda code: code == 0)
