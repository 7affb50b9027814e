# SPDX-License-Identifier: Apache-2.0
"""Nodes, commands, clients and certificates on IPv6: three nodes on [::1], over TLS."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import dqlitepy
import pytest

from tests.cli.command import fail, succeed
from tests.cli.nodes import NodeProcess
from tests.support import HANG, free_address


def test_a_cluster_on_ipv6(tmp_path: Path) -> None:
    succeed("certs", tmp_path / "certs", "--hosts", "::1", "client")
    names = {name: str(tmp_path / "certs" / f"__1.{name}") for name in ("pem", "key")}
    tls = ["--cert", names["pem"], "--key", names["key"], "--ca", str(tmp_path / "certs" / "ca.pem")]
    at = [free_address("::1") for _ in range(3)]
    servers = ",".join(at)
    spelled_out = at[1].replace("[::1]", "[0:0:0:0:0:0:0:1]")
    nodes = []
    try:
        for number, address in enumerate((at[0], spelled_out, at[2])):
            join = ["--join", at[0]] if number else ["--metrics", "[::1]:0"]
            node = NodeProcess(tmp_path / f"n{number}", "--address", address, *join, *tls)
            nodes.append(node)
            ready = node.wait_ready()
            assert ready["address"] == at[number]
            assert number or ready["role"] == "voter"
        port = nodes[0].wait_ready()["metrics"]
        with urlopen(f"http://[::1]:{port}/metrics", timeout=HANG) as answer:
            assert f'address="{at[0]}"' in answer.read().decode()
        status = json.loads(succeed("status", at[2], "--json", *tls))
        assert sorted(member["address"] for member in status["members"]) == sorted(at)
        succeed("shell", servers, "-c", "CREATE TABLE t (a)", "-c", "INSERT INTO t VALUES (6)", *tls)
        succeed("shell", servers, "-c", f".transfer {spelled_out}", *tls)
        assert f"{at[1]}\n" in succeed("shell", at[0], "-c", ".leader", *tls)
        files = "&".join(f"tls_{name}={path}" for name, path in (("cert", tls[1]), ("key", tls[3]), ("ca", tls[5])))
        for url in (
            f"dqlite://{servers}/main?{files}",
            f"dqlite://{spelled_out}?{files}",
            f"dqlite:///main?node={at[0]}&node={at[2]}&{files}",
        ):
            con = dqlitepy.connect(url)
            assert con.execute("SELECT a FROM t").fetchone() == (6,), url
            con.close()
        succeed("backup", servers, tmp_path / "copy.db", *tls)
    finally:
        for node in nodes:
            node.kill()


@pytest.mark.parametrize(
    "address", ["::1:9001", "[::1", "[::1]9001", "[::1]:", "[::1]:0", "[127.0.0.1]:1", "[fe80::1%lo]:x"]
)
def test_addresses_that_are_none(tmp_path: Path, address: str) -> None:
    message = fail("node", tmp_path / "node", "--address", address)
    if address == "::1:9001":  # is an address, and 9001 a part of it; which nobody has
        assert "[::1:9001]:9000" in message
    else:
        assert f"{address!r} is not an address of a node" in message
    assert not (tmp_path / "node" / "info.yaml").exists()


def test_a_certificate_for_another_ipv6_address(tmp_path: Path) -> None:
    succeed("certs", tmp_path, "--hosts", "::2,fe80::1")
    tls: list[str | Path] = ["--cert", tmp_path / "__2.pem", "--key", tmp_path / "__2.key", "--ca", tmp_path / "ca.pem"]
    message = fail("node", tmp_path / "node", "--address", "[::1]:9001", *tls)
    assert "the certificate is not one for ::1: its SAN" in message
    assert "::2, fe80::1" in message
