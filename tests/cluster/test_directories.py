# SPDX-License-Identifier: Apache-2.0
"""What a node's directory remembers, and what becomes of it."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import Role

from tests.cluster.machines import Machines, address, addresses, quick, voters
from tests.support import HANG, LOG, eventually, failure_of, free_address, python, run_python

Start = Callable[..., dqlitepy.Node]


def rows(con: dqlitepy.Connection) -> list[tuple[object, ...]]:
    try:
        return con.execute("SELECT * FROM t").fetchall()
    finally:
        con.close()


def test_an_embedded_database_becomes_the_first_node_of_a_cluster(started: Start, tmp_path: Path) -> None:
    con = dqlitepy.connect(tmp_path / "data")
    con.execute("CREATE TABLE t (a)")
    for n in range(600):  # more than a snapshot's worth
        con.execute("INSERT INTO t VALUES (?)", (n,))
        con.commit()
    con.close()
    first = started(address(), tmp_path / "data")
    others = [started(address(), join=[first.address]) for _ in range(2)]
    assert voters(first.client(HANG)) >= 2
    for node in (first, *others):
        assert rows(dqlitepy.connect(node)) == [(n,) for n in range(600)]
    first.close()
    assert rows(dqlitepy.connect(others[0])) == [(n,) for n in range(600)]


def test_what_belongs_to_a_cluster_is_no_embedded_database(started: Start) -> None:
    node = started(address())
    with pytest.raises(dqlitepy.OperationalError, match="in use by this process"):
        dqlitepy.connect(node.directory)
    node.close()
    with pytest.raises(dqlitepy.OperationalError, match=f"with the address {node.address}; start it as that node"):
        dqlitepy.connect(node.directory)


def test_an_embedded_database_joins_nobody(started: Start, tmp_path: Path) -> None:
    dqlitepy.connect(tmp_path / "data").close()
    other = started(address())
    with pytest.raises(dqlitepy.OperationalError, match="rows of its own, so it cannot join another cluster"):
        dqlitepy.Node(tmp_path / "data", address=address(), join=[other.address]).start()
    dqlitepy.connect(tmp_path / "data").close()  # still what it was


def test_a_node_keeps_its_address_and_id(started: Start, tmp_path: Path) -> None:
    node = started(address())
    node.close()
    with pytest.raises(dqlitepy.OperationalError, match=f"with the address {node.address}, not .*moved_from"):
        dqlitepy.Node(node.directory, address=address()).start()
    with pytest.raises(dqlitepy.OperationalError, match=f"the id {node.id}, not 5"):
        dqlitepy.Node(node.directory, id=5).start()
    assert dqlitepy.node_info(node.directory) == dqlitepy.NodeInfo(node.id, node.address)
    with dqlitepy.Node(node.directory, id=node.id, **quick()) as again:  # the directory knows the address
        again.wait_ready()
        assert (again.address, again.id) == (node.address, node.id)
    with pytest.raises(dqlitepy.ProgrammingError, match="needs an address"):
        dqlitepy.Node(tmp_path / "fresh").start()
    assert not (tmp_path / "fresh").exists()


def test_join_counts_only_once(three: list[dqlitepy.Node]) -> None:
    """So that a service may be configured with it for ever."""
    node = three[2]
    number = node.id
    node.close()
    again = dqlitepy.Node(node.directory, address=node.address, join=["127.0.0.1:1"], **quick())
    with again:
        again.wait_ready()
        assert again.id == number
        assert len(again.client(HANG).cluster()) == 3


def test_a_port_that_is_taken(started: Start, tmp_path: Path) -> None:
    node = started(address())
    with pytest.raises(dqlitepy.OperationalError, match=f"cannot listen on {node.address} .address already in use"):
        dqlitepy.Node(tmp_path / "other", address=node.address).start()
    assert list((tmp_path / "other").iterdir()) == []


def test_a_start_that_fails_can_be_repeated(started: Start, tmp_path: Path) -> None:
    """Damage is an error that names the file, nothing of it is deleted, and the address is free again."""
    node = started(address())
    con = dqlitepy.connect(node)
    con.execute("CREATE TABLE t (a)")
    con.close()
    node.close()
    damaged = sorted(path for path in Path(node.directory).iterdir() if path.name.startswith("0000"))
    whole = {path: path.read_bytes() for path in damaged}
    for path, content in whole.items():
        path.write_bytes(bytes(byte ^ 0xFF for byte in content))
    with pytest.raises(dqlitepy.OperationalError, match=f"did not start.*{damaged[0].name}"):
        node.start()
    assert not node.running
    with pytest.raises(dqlitepy.OperationalError, match="connection refused"):
        dqlitepy.Client(node.address).describe(node.address)
    for path, content in whole.items():
        assert path.read_bytes() != content
        path.write_bytes(content)
    node.start()
    node.wait_ready()
    assert rows(dqlitepy.connect(node)) == []


def test_another_process_is_told_who_holds_it(started: Start) -> None:
    node = started(address())
    program = """
        import sys
        import dqlitepy
        try:
            dqlitepy.Node(sys.argv[1]).start()
        except dqlitepy.OperationalError as error:
            print(error)
    """
    assert f"in use by process {os.getpid()}" in run_python(program, node.directory)


def test_nobody_else_can_read_it(three: list[dqlitepy.Node]) -> None:
    for node in three:
        assert stat.S_IMODE(os.stat(node.directory).st_mode) == 0o700
        modes = {entry.name: oct(stat.S_IMODE(entry.stat().st_mode)) for entry in os.scandir(node.directory)}
        assert {name: mode for name, mode in modes.items() if mode != "0o600"} == {}


def test_two_clusters_on_one_machine_and_in_one_process(tmp_path: Path) -> None:
    """Also with TLS, where each node listens on a socket of its own behind the encrypted one."""
    dqlitepy.make_certificates(tmp_path / "certs", ["127.0.0.1"])
    hosts = addresses(2)
    names = [at.partition(":")[0] for at in hosts]
    written = dqlitepy.make_certificates(tmp_path / "certs", names)
    assert len(written) == 4
    nodes = []
    for at, name in zip(hosts, names, strict=True):
        certs = tmp_path / "certs"
        tls = dqlitepy.TLS(certs / f"{name}.pem", certs / f"{name}.key", certs / "ca.pem")
        nodes.append(dqlitepy.Node(tmp_path / name, address=at, tls=tls, **quick()).start())
    for node in nodes:
        node.wait_ready()
    assert [len(node.client(HANG).cluster()) for node in nodes] == [1, 1]
    for node in nodes:
        node.close()


def test_two_applications_in_one_process(started: Start, tmp_path: Path) -> None:
    embedded = dqlitepy.connect(tmp_path / "embedded")
    embedded.execute("CREATE TABLE t (a)")
    node = started(address())
    con = dqlitepy.connect(node)
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == []
    con.close()
    other = dqlitepy.connect(node, name="other")
    other.execute("CREATE TABLE u (a)")
    other.close()
    assert embedded.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    embedded.close()


def test_a_closed_node_and_one_that_never_ran(started: Start, tmp_path: Path) -> None:
    node = dqlitepy.Node(tmp_path / "node", address=address())
    with pytest.raises(dqlitepy.ProgrammingError, match="before its first start"):
        _ = node.id
    for refused in (node.wait_ready, node.handover, node.stats, lambda: node.role, lambda: dqlitepy.connect(node)):
        with pytest.raises(dqlitepy.ProgrammingError, match="does not run"):
            refused()
    node.close()
    running = started(address())
    with pytest.raises(dqlitepy.ProgrammingError, match="runs already"):
        running.start()
    with running:
        assert running.running
    assert not running.running
    running.close()
    running.start()  # a node may be started again
    running.wait_ready()


def test_a_connection_outlives_the_node_it_was_made_by(three: list[dqlitepy.Node]) -> None:
    con = dqlitepy.connect(three[1])
    con.execute("CREATE TABLE t (a)")
    con.close()
    three[1].close()
    con = dqlitepy.connect(three[0])
    assert con.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    con.close()


def test_the_log_speaks(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    at = addresses(2)
    with caplog.at_level(logging.INFO, logger="dqlitepy"):
        first = dqlitepy.Node(tmp_path / "1", address=at[0], **quick()).start()
        first.wait_ready()
        second = dqlitepy.Node(tmp_path / "2", address=at[1], join=at[:1], **quick()).start()
        second.wait_ready()
        second.close()
        first.close()
    said = {(record.levelname, record.__dict__["node"], record.getMessage()) for record in caplog.records}
    assert ("INFO", at[0], f"{at[0]}: ready") in said
    assert ("INFO", at[1], f"{at[1]}: joined the cluster of {at[0]}") in said


def test_a_node_that_others_could_reach_warns(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dqlitepy._cluster.node_core.is_loopback", lambda _: False)
    with dqlitepy.Node(tmp_path / "node", address=address(), **quick()):
        pass
    assert any("runs without TLS: whoever reaches that port" in record.getMessage() for record in caplog.records)


def test_a_node_that_is_not_closed_is_told_of() -> None:
    program = """
        import gc, sys, tempfile, warnings
        import dqlitepy
        directory = tempfile.mkdtemp()
        node = dqlitepy.Node(directory, address=sys.argv[1], network_latency=0.1).start()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del node
            gc.collect()
        print([str(warning.message) for warning in caught])
    """
    assert "unclosed node Node(" in run_python(program, address())


def test_the_interpreter_exits_with_a_node_that_runs(three: list[dqlitepy.Node], tmp_path: Path) -> None:
    """It hands over and stops in order."""
    program = f"""
        import logging, sys
        import dqlitepy
        logging.basicConfig(format="{LOG}%(message)s")
        node = dqlitepy.Node(sys.argv[1], address=sys.argv[2], join=[sys.argv[3]], network_latency=0.1).start()
        node.wait_ready()
        node.client(60).assign(node.id, dqlitepy.Role.VOTER, timeout=60)
        node.client(60).transfer(node.id)
    """
    at = address()
    run_python(program, str(tmp_path / "left"), at, three[0].address)
    assert three[0].client(HANG).leader().address != at
    assert not (tmp_path / "left" / "dqlitepy.pid").exists()


def test_a_node_with_a_name(started: Start) -> None:
    node = started(f"localhost:{free_address().partition(':')[2]}")
    con = dqlitepy.connect(f"dqlite://{node.address}/main")
    con.execute("CREATE TABLE t (a)")
    con.close()
    assert node.leader == dqlitepy.NodeInfo(node.id, node.address)


def test_a_forked_child_leaves_the_node_alone(started: Start) -> None:
    node = started(address())
    child = os.fork()
    if child == 0:
        status = 1
        try:
            node.close()
            try:
                node.stats()
            except dqlitepy.ForkError:
                status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert node.role is Role.VOTER


def test_ctrl_c_ends_waiting(tmp_path: Path) -> None:
    program = """
        import signal, sys, threading, time
        import dqlitepy
        node = dqlitepy.Node(sys.argv[1], address=sys.argv[2], join=[sys.argv[3]]).start()
        try:
            print("waiting", flush=True)
            node.wait_ready(120)
        except KeyboardInterrupt:
            print("interrupted")
        node.close(handover=False)
    """
    process = python(program, str(tmp_path / "node"), *addresses(2))
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert "interrupted" in process.communicate(timeout=HANG)[0]
    assert process.returncode == 0


def test_who_is_not_joined_says_why(tmp_path: Path) -> None:
    at, nobody = addresses(2)
    node = dqlitepy.Node(tmp_path / "node", address=at, join=[nobody], **quick()).start()
    failure_of(node.wait_ready, dqlitepy.NoLeaderError, f"not ready: .*{nobody}: connection refused")
    node.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"voters": 2}, "from 3"),
        ({"voters": 4}, "odd"),
        ({"standbys": -1}, "standbys must be"),
        ({"id": 0}, "id must be"),
        ({"id": 2**64}, "id must be"),
        ({"failure_domain": -1}, "failure_domain must be"),
        ({"network_latency": 0.0001}, "network_latency must be"),
        ({"network_latency": float("nan")}, "network_latency must be"),
        ({"roles_interval": 0}, "roles_interval must be"),
        ({"snapshot_threshold": 0}, "snapshot_threshold must be"),
        ({"snapshot_threshold": 100, "snapshot_trailing": 99}, "snapshot_trailing must be"),
        ({"snapshot_threshold_bytes": 0}, "snapshot_threshold_bytes must be"),
        ({"snapshot_trailing_bytes": 0}, "snapshot_trailing_bytes must be"),
        ({"busy_timeout": float("nan")}, "busy_timeout must be"),
        ({"address": "10.0.0.1:70000"}, "its port must be"),
        ({"address": "@hidden"}, "not an address"),
        ({"join": ["10.0.0.1:x"]}, "its port must be"),
        ({"directory": "a\0b"}, "null character"),
    ],
)
def test_arguments_that_cannot_be_right(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dqlitepy.Node(**{"directory": "data", "address": "127.0.0.1:1", **arguments})  # type: ignore[arg-type]


def last(client: dqlitepy.Client, at: str) -> int:
    """Returns the last entry of a node's log."""
    index = client.describe(at).last_index
    assert index is not None
    return index


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_follower_that_has_lost_its_directory_counts_for_no_majority(tmp_path: Path, how: str) -> None:
    """The others go on without it, as long as they are a majority themselves."""
    with Machines(tmp_path, 3) as machines:
        client = machines.client()
        with closing(machines.connect(isolation_level=None, leader_timeout=5.0)) as con:
            con.execute("CREATE TABLE t (a)")
            leader = client.leader().address
            lost, other = [node for node in machines.nodes if node.address != leader]
            eventually(lambda: last(client, lost.address) == last(client, leader))
            directory = lost.directory
            if how == "renamed":
                directory.rename(tmp_path / "elsewhere")
            while directory.exists():  # the node may be making a file in it
                shutil.rmtree(directory, ignore_errors=True)
            for n in range(5):
                con.execute("INSERT INTO t VALUES (?)", (n,))
            written = last(client, leader)
            eventually(lambda: last(client, other.address) >= written)
            other.kill()
            for _ in range(2):
                with pytest.raises(dqlitepy.OperationalError):
                    con.execute("INSERT INTO t VALUES ('nobody but the leader has it')")
        other.start()
        other.wait_ready()
        with closing(machines.connect(isolation_level=None)) as con:
            con.execute("INSERT INTO t VALUES (5)")
            assert con.execute("SELECT a FROM t WHERE typeof(a) = 'integer'").fetchall() == [(n,) for n in range(6)]
        assert not directory.exists()
        assert "the node's directory is gone: it, or a file in it, was deleted or moved" in lost.kill()
        if how == "renamed":
            (tmp_path / "elsewhere").rename(directory)
            lost.start()
            lost.wait_ready()
            written = last(client, client.leader().address)
            eventually(lambda: last(client, lost.address) >= written)
