# SPDX-License-Identifier: Apache-2.0
"""Certificates that are replaced on disk while nodes and clients run."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import TLS

from tests.cluster.machines import addresses, wait_for_voters
from tests.support import HANG, despite_load, eventually, failure_of


class Deployed:
    """The three files of one machine, as an operator puts them there."""

    def __init__(self, folder: Path, host: str) -> None:
        self._host = host
        folder.mkdir()
        self.tls = TLS(folder / "node.pem", folder / "node.key", folder / "ca.pem")

    def authorities(self, *texts: str) -> None:
        """Replaces ca.pem."""
        _replace(Path(self.tls.ca), "".join(texts))

    def certificate(self, issued: Path) -> None:
        """Replaces certificate and key by those that an authority has issued."""
        _replace(Path(self.tls.key), (issued / f"{self._host}.key").read_text())
        _replace(Path(self.tls.cert), (issued / f"{self._host}.pem").read_text())


def _replace(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text)
    os.replace(new, path)


Start = Callable[..., dqlitepy.Node]


def test_an_authority_is_replaced_while_the_cluster_runs(
    started: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    at = addresses(3)
    hosts = [own.partition(":")[0] for own in at]
    old, new = tmp_path / "old", tmp_path / "new"
    for authority in (old, new):
        dqlitepy.make_certificates(authority, [*hosts, "client"])
    before, after = (authority.joinpath("ca.pem").read_text() for authority in (old, new))
    machines = [Deployed(tmp_path / host, host) for host in hosts]
    client = Deployed(tmp_path / "client", "client")
    everybody = [*machines, client]
    for each in everybody:
        each.authorities(before)
        each.certificate(old)
    nodes = [
        started(own, join=at[:1] if own != at[0] else [], tls=each.tls) for own, each in zip(at, machines, strict=True)
    ]
    members = dqlitepy.Client(at, tls=client.tls, timeout=HANG)
    wait_for_voters(members, 3)
    url = f"dqlite://{','.join(at)}/main"
    con = dqlitepy.connect(url, tls=client.tls, isolation_level=None, leader_timeout=HANG)
    con.execute("CREATE TABLE t (n INTEGER)")

    def goes_on(number: int) -> None:
        """With a new connection, with an old one that has to find another leader, and between the nodes."""
        other = dqlitepy.connect(url, tls=client.tls, leader_timeout=HANG)
        assert other.execute("SELECT count(*) FROM t").fetchone() == (number,)
        other.close()
        leader = members.leader()
        members.transfer(next(node.address for node in nodes if node.address != leader.address))
        con.execute("INSERT INTO t VALUES (?)", (number,))

    steps: list[Callable[[Deployed], None]] = [
        lambda each: each.authorities(before, after),
        lambda each: each.certificate(new),
        lambda each: each.authorities(after),
    ]
    for number, step in enumerate(steps):
        for each in everybody:
            step(each)
        goes_on(number)
    left_behind = dqlitepy.Client(at[0], tls=TLS(old / "client.pem", old / "client.key", old / "ca.pem"))
    failure_of(lambda patience: left_behind.describe(at[0], timeout=patience), dqlitepy.OperationalError, "certificate")
    # Who still trusts the old authority is not served by the new certificates, and is not let in by the old ones.
    shutil.rmtree(old)
    # A node that restarts meets the others' new certificates.
    nodes[2].close(handover=False)
    nodes[2].start()
    nodes[2].wait_ready(HANG)
    # A broken file changes nothing, and the log says so once. What it said so far is of the moments in which a key was
    # there already, and its certificate not yet.
    caplog.clear()
    caplog.set_level(logging.INFO, "dqlitepy")
    for machine in machines:
        _replace(Path(machine.tls.cert), "nothing")
    goes_on(3)
    goes_on(4)

    def complaints_so_far() -> list[logging.LogRecord]:
        return [record for record in caplog.records if "the old ones stay in use" in record.getMessage()]

    complaints = eventually(complaints_so_far, bool)
    assert {record.levelname for record in complaints} == {"WARNING"}
    assert len({record.getMessage() for record in complaints}) == len(complaints) <= len(nodes)
    for machine in machines:
        machine.certificate(new)
    goes_on(5)
    con.close()


def test_a_connection_says_that_its_new_files_are_of_no_use(started: Start, tmp_path: Path) -> None:
    [at] = addresses(1)
    host = at.partition(":")[0]
    old, new = tmp_path / "old", tmp_path / "new"
    for authority in (old, new):
        dqlitepy.make_certificates(authority, [host, "client"])
    machine, client = Deployed(tmp_path / "machine", host), Deployed(tmp_path / "client", "client")
    for each in (machine, client):
        each.authorities((old / "ca.pem").read_text())
        each.certificate(old)
    node = started(at, tls=machine.tls)
    con = despite_load(
        lambda: dqlitepy.connect(f"dqlite://{at}/main", tls=client.tls, isolation_level=None, leader_timeout=5)
    )
    node.close()
    machine.authorities((new / "ca.pem").read_text())
    machine.certificate(new)
    _replace(Path(client.tls.cert), "nothing")
    node.start()
    node.wait_ready(HANG)
    failure_of(
        lambda _: con.execute("SELECT 1"),
        dqlitepy.NoLeaderError,
        "the TLS files have changed and cannot be used, so that the old ones",
    )
    client.authorities((new / "ca.pem").read_text())
    client.certificate(new)
    assert despite_load(lambda: con.execute("SELECT 1")).fetchone() == (1,)
    con.close()


def test_certificate_and_key_in_one_file_are_replaced_at_once(started: Start, tmp_path: Path) -> None:
    [at] = addresses(1)
    host = at.partition(":")[0]
    both, authority = tmp_path / "node.pem", tmp_path / "ca.pem"

    def deploy(folder: Path) -> None:
        dqlitepy.make_certificates(folder, [host])
        _replace(authority, (folder / "ca.pem").read_text())
        _replace(both, "".join((folder / f"{host}.{kind}").read_text() for kind in ("pem", "key")))

    deploy(tmp_path / "old")
    tls = TLS(both, both, authority)
    node = started(at, tls=tls)
    deploy(tmp_path / "new")
    con = dqlitepy.connect(node)
    assert con.execute("SELECT 1").fetchone() == (1,)
    con.close()
