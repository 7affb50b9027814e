# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator on a cluster of three processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dqlitepy import Client

from tests.cli.command import command, dqlitepy, environment, fail, succeed
from tests.cli.nodes import NodeProcess, ThreeNodes, three_nodes
from tests.cli.terminal import Terminal
from tests.support import HANG, eventually, free_address


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeNodes]:
    with three_nodes(tmp_path_factory.mktemp("cluster")) as cluster:
        succeed("shell", cluster.servers, "-c", "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2)")
        yield cluster


def status(*arguments: str | Path, expected: int = 0) -> dict[str, Any]:
    # What is asked again for so long is whether a node that has just started hears of the leader.
    result = dqlitepy("status", *arguments, "--json", "--timeout", str(HANG / 2))
    assert (result.returncode, result.stderr) == (expected, ""), result
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def rows(output: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(output)
    return found


def shell(cluster: ThreeNodes, *commands: str) -> list[dict[str, Any]]:
    arguments = [part for command in commands for part in ("-c", command)]
    return rows(succeed("shell", cluster.servers, "--mode", "json", *arguments))


def test_status_tells_leader_roles_lag_and_size(cluster: ThreeNodes) -> None:
    report = status(cluster.addresses[2])
    members = report["members"]
    assert {member["address"] for member in members} == set(cluster.addresses)
    assert all(member["answers"] and member["role"] == "voter" for member in members)
    (leader,) = (member for member in members if member["leads"])
    assert report["leader"] == leader["address"]
    assert all(member["term"] >= 1 and member["disk_bytes"] > 0 for member in members)
    assert min(member["lag"] for member in members) == 0


def test_status_by_a_node_without_a_vote(tmp_path: Path) -> None:
    first, second = free_address(), free_address()
    nodes = [
        NodeProcess(tmp_path / "n1", "--address", first),
        NodeProcess(tmp_path / "n2", "--address", second, "--join", first),
    ]
    try:
        assert [node.wait_ready()["role"] for node in nodes] == ["voter", "spare"]
        report = status(second)
        assert report["leader"] == first
        assert {member["address"]: member["role"] for member in report["members"]} == {first: "voter", second: "spare"}
    finally:
        for node in nodes:
            node.kill()


def test_status_for_people(cluster: ThreeNodes) -> None:
    output = succeed("status", cluster.addresses[0])
    assert output.startswith("leader: 127.0.0.")
    assert output.count("voter") == 3
    assert "\x1b" not in output


def test_status_at_a_terminal_is_coloured_and_repeated(cluster: ThreeNodes) -> None:
    with Terminal("status", cluster.addresses[0], "--watch", "0.2", TERM="xterm") as terminal:
        for _ in range(3):
            terminal.expect("\x1b[H\x1b[2J")
            terminal.expect("\x1b[32m")
        terminal.press("\x03")
        assert terminal.end()[0] == 130


def test_status_of_nobody(cluster: ThreeNodes) -> None:
    address = free_address()
    first, second = fail("status", address).splitlines()
    assert first.startswith(f"dqlitepy status: no node answers ({address}: ")
    assert "Check the addresses" in second


def test_the_shell_looks_after_the_cluster(cluster: ThreeNodes) -> None:
    members = shell(cluster, ".cluster")
    assert sorted(member["address"] for member in members) == sorted(cluster.addresses)
    [leader] = shell(cluster, ".leader")
    assert [member["address"] for member in members if member["leads"]] == [leader["address"]]
    other = next(address for address in cluster.addresses if address != leader["address"])
    assert shell(cluster, f".transfer {other}", ".leader")[0]["address"] == other
    weights = shell(cluster, f".weight {other} 7", ".describe")
    assert {told["address"]: told["weight"] for told in weights}[other] == 7
    third = next(address for address in cluster.addresses if address not in (other, leader["address"]))
    roles = shell(cluster, f".assign {third} spare", ".cluster")
    assert {member["address"]: member["role"] for member in roles}[third] == "spare"
    roles = shell(cluster, f".assign {third} voter", ".cluster")
    assert {member["address"]: member["role"] for member in roles}[third] == "voter"


def test_a_member_that_never_was_is_added_and_removed(cluster: ThreeNodes) -> None:
    address = free_address()
    [added] = shell(cluster, f".add {address} spare")
    assert (added["address"], added["role"]) == (address, "spare")
    assert len(shell(cluster, ".cluster")) == 4
    assert status(cluster.addresses[0], expected=1)["members"][3]["answers"] is False
    assert len(shell(cluster, f".remove {added['id']}", ".cluster")) == 3


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (".describe :x:", "Usage: .describe [ADDRESS]"),
        (".assign 127.0.0.1:9 king", "there is no role king"),
        (".weight 127.0.0.1:9 heavy", "heavy is not a weight"),
    ],
)
def test_what_cannot_be_done_to_a_cluster_says_why(cluster: ThreeNodes, command: str, complaint: str) -> None:
    assert complaint in fail("shell", cluster.servers, "-c", command)


def test_an_embedded_database_has_no_cluster_around_it(tmp_path: Path) -> None:
    first, second = fail("shell", tmp_path / "data", "-c", ".cluster").splitlines()
    assert "belongs to no cluster" in first
    assert "dqlitepy node" in second


def test_targets_may_be_addresses_or_a_url(cluster: ThreeNodes) -> None:
    for target in (
        cluster.addresses[1],
        cluster.servers,
        f"dqlite://{cluster.servers}",
        f"dqlite://{cluster.servers}/main",
    ):
        assert rows(succeed("shell", target, "--mode", "json", "-c", "SELECT sum(n) AS s FROM t")) == [{"s": 3}]
    succeed("shell", cluster.servers, "--database", "other", "-c", "CREATE TABLE u (n)")
    assert succeed("shell", f"dqlite://{cluster.servers}/other", "-c", ".tables") == "u\n"


def test_kill_9_of_the_leader_is_survived(cluster: ThreeNodes) -> None:
    leader = cluster.addresses.index(status(cluster.servers)["leader"])
    cluster.nodes[leader].kill()
    succeed("shell", cluster.servers, "-c", "INSERT INTO t VALUES (3)")
    report = status(cluster.servers, expected=1)
    assert report["leader"] not in (None, cluster.addresses[leader])
    (dead,) = (member for member in report["members"] if not member["answers"])
    assert dead["address"] == cluster.addresses[leader]
    assert dead["error"]
    cluster.start(leader)
    cluster.wait_for_votes()
    assert status(cluster.servers)["leader"]
    assert rows(succeed("shell", cluster.servers, "--mode", "json", "-c", "SELECT sum(n) AS s FROM t")) == [{"s": 6}]


def test_a_shell_outlives_its_leader(cluster: ThreeNodes, tmp_path: Path) -> None:
    history = str(tmp_path / "history")
    with Terminal("shell", cluster.servers, "--database", "outlive", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect("dqlite> ")
        terminal.press("CREATE TABLE outlive (n);\n")
        terminal.expect("(done")
        terminal.expect("dqlite> ")
        leader = cluster.addresses.index(status(cluster.servers)["leader"])
        cluster.nodes[leader].kill()
        terminal.press("INSERT INTO outlive VALUES (1);\n")
        terminal.expect("dqlite> ")  # done, or lost: whichever, it is told, and the shell goes on
        terminal.press("SELECT count(*) <= 1 AS fine FROM outlive;\n")
        terminal.expect("   1\n")
        terminal.expect("dqlite> ")
        terminal.press("\x04")
        assert terminal.end()[0] == 0
    cluster.start(leader)
    cluster.wait_for_votes()


def test_sigterm_hands_over_and_stops_cleanly(cluster: ThreeNodes) -> None:
    leader = cluster.addresses.index(status(cluster.servers)["leader"])
    code, output, errors = cluster.nodes[leader].stop(signal.SIGTERM)
    assert (code, output) == (0, ""), errors
    rest = [address for address in cluster.addresses if address != cluster.addresses[leader]]
    assert status(",".join(rest), expected=1)["leader"] in rest
    cluster.start(leader)
    cluster.wait_for_votes()


def test_a_database_becomes_the_first_node_of_a_cluster(tmp_path: Path) -> None:
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (42)")
    address = free_address()
    node = NodeProcess(tmp_path / "data", "--address", address)
    try:
        assert node.wait_ready()["address"] == address
        assert rows(succeed("shell", address, "--mode", "json", "-c", "SELECT n FROM t")) == [{"n": 42}]
        assert "is in use by process" in fail("shell", tmp_path / "data", "-c", "SELECT 1")
        assert node.stop(signal.SIGINT)[0] == 0
    finally:
        node.kill()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "needs an address"),
        (["--address", "nowhere at all"], "is not an address"),
        (["--address", "127.0.0.1:9", "--voters", "4"], "voters must be odd"),
        (["--address", "127.0.0.1:9", "--cert", "cert.pem"], "TLS needs --cert, --key and --ca"),
        (["--address", "127.0.0.1:9", "--cert", "a", "--key", "b", "--ca", "c"], "cannot be read"),
        (["--address", "127.0.0.1:0", "--metrics", "here"], "is not an address"),
    ],
)
def test_a_node_that_cannot_start_says_why(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    assert complaint in fail("node", tmp_path / "data", *arguments)


def test_a_port_that_is_taken_is_asked_about(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first, second = fail("node", tmp_path / "data", "--address", f"127.0.0.1:{taken.getsockname()[1]}").splitlines()
    assert first.endswith("(address already in use)")
    assert second == "  Is that address this machine's, and its port free?"


def test_metrics(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "data", "--address", free_address(), "--metrics", "127.0.0.1:0")
    try:
        ready = node.wait_ready()
        url = f"http://127.0.0.1:{ready['metrics']}"
        with urllib.request.urlopen(f"{url}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = answer.read().decode()
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert values["dqlitepy_is_leader"] == values["dqlitepy_has_leader"] == "1"
        assert values['dqlitepy_role{role="voter"}'] == "1.0"
        assert int(values["dqlitepy_raft_term"]) >= 1
        assert int(values["dqlitepy_raft_last_index"]) >= 1
        assert int(values["process_resident_memory_bytes"]) > 1_000_000
        for name in {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}:
            assert any(key.split("{")[0] == name for key in values), name
        [member] = status(ready["address"])["members"]
        assert member["term"] == int(values["dqlitepy_raft_term"])
        assert (member["last_index"], member["lag"]) == (int(values["dqlitepy_raft_last_index"]), 0)
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"{url}/other")
        refused.value.close()  # it holds the answer
        assert node.stop()[0] == 0
    finally:
        node.kill()


def test_a_scrape_connects_once_to_its_node(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "data", "--address", free_address(), "--metrics", "127.0.0.1:0")
    try:
        ready = node.wait_ready()
        client = Client(ready["address"], timeout=HANG)

        def newest() -> int:
            return max(each.id for each in client.connections(ready["address"]))

        def scrape() -> int:
            before = newest()
            with urllib.request.urlopen(f"http://127.0.0.1:{ready['metrics']}/metrics") as answer:
                answer.read()
            return newest() - before - 1

        # The node itself looks after its cluster now and then.
        assert eventually(scrape, lambda connections: connections <= 1) == 1
    finally:
        node.kill()


def test_systemd_is_told_when_the_node_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("")  # an abstract one: the path of a test's folder may be longer than any socket's
        systemd.settimeout(HANG)
        name = "@" + os.fsdecode(systemd.getsockname()[1:])
        node = NodeProcess(tmp_path / "data", "--address", free_address(), NOTIFY_SOCKET=name)
        try:
            assert systemd.recv(100) == b"READY=1"
            node.wait_ready()
            assert node.stop() == (0, "", "")
            assert systemd.recv(100) == b"STOPPING=1"
        finally:
            node.kill()


def test_a_node_that_waits_for_its_cluster_says_so_and_can_be_stopped(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "data", "--address", free_address(), "--join", free_address(), "--log-level", "info")
    try:
        assert node.process.stderr is not None
        for line in iter(node.process.stderr.readline, b""):
            if b"not ready yet, trying on" in line:
                break
        else:
            raise AssertionError("the node ended")
        assert node.stop()[0] == 0
    finally:
        node.kill()


def test_whoever_watches_outlives_the_node_that_was_named(tmp_path: Path) -> None:
    with three_nodes(tmp_path) as cluster:
        named, *others = cluster.addresses
        watch = subprocess.Popen(
            command("status", named, "--json", "--watch", "0.1"), stdout=subprocess.PIPE, text=True, env=environment()
        )
        try:
            assert watch.stdout is not None
            assert len(json.loads(watch.stdout.readline())["members"]) == 3
            cluster.nodes[0].kill()
            assert any(json.loads(line)["leader"] in others for line in watch.stdout)
            watch.terminate()
            assert watch.wait(HANG) == -signal.SIGTERM
        finally:
            watch.kill()
            watch.communicate()


def test_whoever_watches_waits_until_somebody_answers(tmp_path: Path) -> None:
    address = free_address()
    watch = subprocess.Popen(
        command("status", address, "--json", "--watch", "0.1"), stdout=subprocess.PIPE, text=True, env=environment()
    )
    node = None
    try:
        assert watch.stdout is not None
        assert "no node answers" in json.loads(watch.stdout.readline())["error"]
        node = NodeProcess(tmp_path / "data", "--address", address)
        node.wait_ready()
        assert any(json.loads(line)["leader"] == address for line in watch.stdout)
    finally:
        watch.kill()
        watch.communicate()
        if node:
            node.kill()


def test_without_tls_an_open_address_is_warned_of_loudly(tmp_path: Path) -> None:
    # It cannot be that node's, and is refused, but only after the warning.
    errors = fail("node", tmp_path / "data", "--address", free_address("0.0.0.0"), "--metrics", "0.0.0.0:0")
    assert "runs without TLS: whoever reaches that port can read, change and delete all data" in errors
    assert "metrics on 0.0.0.0:0: served without encryption" in errors


def test_certs_make_a_cluster_that_only_their_holders_reach(tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    paths = json.loads(succeed("certs", certs, "--hosts", "127.0.0.1", "localhost,127.0.0.2", "--json"))
    assert {Path(path).name for path in paths} == {
        "ca.key", "ca.pem", "127.0.0.1.key", "127.0.0.1.pem", "localhost.key", "localhost.pem",
    }  # fmt: skip
    assert "already exists" in fail("certs", certs, "--hosts", "127.0.0.1")
    tls = ["--cert", str(certs / "127.0.0.1.pem"), "--key", str(certs / "127.0.0.1.key"), "--ca", str(certs / "ca.pem")]
    address = free_address()
    node = NodeProcess(tmp_path / "data", "--address", address, *tls)
    try:
        node.wait_ready()
        succeed("shell", address, *tls, "-c", "CREATE TABLE t (n)")
        succeed("backup", address, tmp_path / "copy.db", *tls)
        assert status(address, *tls)["leader"] == address
        assert "no node answers" in fail("status", address)
        assert "no leader found" in fail("shell", address, "--timeout", "1", "-c", "SELECT 1")
        assert node.stop()[0] == 0
    finally:
        node.kill()


def test_backup_and_restore(cluster: ThreeNodes, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    report = json.loads(succeed("backup", cluster.servers, file, "--json"))
    assert report == {"file": str(file), "bytes": file.stat().st_size}
    con = sqlite3.connect(file)
    assert con.execute("SELECT min(n) FROM t").fetchone() == (1,)
    con.close()
    fail("backup", cluster.servers, file)  # it exists
    assert "1 table restored" in succeed("restore", file, cluster.servers, "--database", "restored")
    assert rows(
        succeed("shell", cluster.servers, "--database", "restored", "--mode", "json", "-c", "SELECT min(n) AS n FROM t")
    ) == [{"n": 1}]
    fail("restore", file, cluster.servers, "--database", "restored")  # it is not empty


def test_dump_is_a_script_that_makes_the_database_again(cluster: ThreeNodes, tmp_path: Path) -> None:
    script = succeed("shell", cluster.servers, "-c", ".dump")
    succeed("shell", tmp_path / "data", stdin=script)
    assert succeed("shell", tmp_path / "data", "-c", ".dump") == script
