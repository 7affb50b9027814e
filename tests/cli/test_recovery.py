# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy recover`: a cluster comes back after its majority was lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cli.command import fail, succeed
from tests.cli.nodes import three_nodes
from tests.cli.terminal import Terminal


def test_recovery_after_the_majority_is_lost(tmp_path: Path) -> None:
    with three_nodes(tmp_path) as cluster:
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (5)")
        survivor = cluster.directory(0)
        assert "is in use by" in fail("recover", survivor, "--yes")
        for node in cluster.nodes:
            node.kill()
        assert "there is nobody to ask" in fail("recover", survivor)
        with Terminal("recover", survivor) as terminal:
            terminal.expect("Type yes to go on: ")
            terminal.press("y\n")
            code, output = terminal.end()
            assert code == 1
            assert "nothing was done" in output
        done = json.loads(succeed("recover", survivor, "--yes", "--json"))
        assert [member["address"] for member in done["members"]] == [cluster.addresses[0]]
        assert Path(done["backup"]).is_dir()
        cluster.start(0)
        assert json.loads(succeed("status", cluster.addresses[0], "--json"))["leader"] == cluster.addresses[0]
        output = succeed("shell", cluster.addresses[0], "--mode", "json", "-c", "SELECT n FROM t")
        assert json.loads(output) == [{"n": 5}]


def test_recover_takes_the_newest_log_and_says_what_is_left_to_do(tmp_path: Path) -> None:
    with three_nodes(tmp_path) as cluster:
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n)")
        cluster.nodes[1].kill()
        succeed("shell", cluster.servers, "-c", "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
        cluster.nodes[0].kill()
        cluster.nodes[2].kill()
    output = succeed("recover", cluster.directory(1), cluster.directory(0), "--yes")
    assert f"{cluster.directory(0)} is recovered" in output
    assert "What is left to do:" in output
    assert str(cluster.directory(1)) in output


def test_recover_with_several_members_needs_no_joining(tmp_path: Path) -> None:
    with three_nodes(tmp_path) as cluster:
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (5)")
        for node in cluster.nodes:
            node.kill()
        ids = [json.loads(succeed("inspect", cluster.directory(n), "--json"))["node"]["id"] for n in range(3)]
        members = [f"--member={ids[n]}={cluster.addresses[n]}" for n in range(2)]
        done = json.loads(succeed("recover", cluster.directory(0), *members, "--yes", "--json"))
        assert [member["id"] for member in done["members"]] == ids[:2]
        # What the instructions say: the other one gets a copy with its own info.yaml.
        assert "info.yaml of its own node" in done["instructions"]
        own = (cluster.directory(1) / "info.yaml").read_bytes()
        shutil.rmtree(cluster.directory(1))
        shutil.copytree(cluster.directory(0), cluster.directory(1))
        (cluster.directory(1) / "info.yaml").write_bytes(own)
        # Neither can lead alone, so both must be under way before either is ready.
        nodes = [cluster.begin(n) for n in range(2)]
        for node in nodes:
            node.wait_ready()
        output = succeed("shell", ",".join(cluster.addresses[:2]), "--mode", "json", "-c", "SELECT n FROM t")
        assert json.loads(output) == [{"n": 5}]
        status = json.loads(succeed("status", cluster.addresses[1], "--json"))
        assert {member["address"] for member in status["members"]} == set(cluster.addresses[:2])


def test_a_damaged_survivor_is_refused(tmp_path: Path) -> None:
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (n)")
    (tmp_path / "data" / "metadata1").write_bytes(b"x" * 33)
    first, second = fail("recover", tmp_path / "data", "--yes").splitlines()
    assert "is damaged: metadata1" in first
    assert "dqlitepy inspect" in second
