# SPDX-License-Identifier: Apache-2.0
"""Certificates: what cannot work is refused before a first connection, and who has none is turned away."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import TLS

from tests.cluster.machines import addresses, quick, wait_for_voters
from tests.support import HANG, failure_of

Tls = Callable[..., TLS]


def host_of(at: str) -> str:
    return at.partition(":")[0]


def dial(at: str) -> socket.socket:
    host, _, port = at.partition(":")
    return socket.create_connection((host, int(port)), timeout=HANG)


@pytest.fixture
def certs(tmp_path: Path) -> Path:
    dqlitepy.make_certificates(tmp_path / "certs", ["client"])
    return tmp_path / "certs"


@pytest.fixture
def tls(certs: Path) -> Tls:
    """Makes the certificate of a host, or of another authority."""

    def make(host: str, folder: Path = certs) -> TLS:
        if not (folder / f"{host}.pem").exists():
            dqlitepy.make_certificates(folder, [host])
        return TLS(folder / f"{host}.pem", folder / f"{host}.key", folder / "ca.pem")

    return make


@pytest.fixture
def encrypted(tls: Tls, tmp_path: Path) -> Iterator[list[dqlitepy.Node]]:
    at = addresses(3)
    nodes: list[dqlitepy.Node] = []
    for own in at:
        join = at[:1] if nodes else []
        node = dqlitepy.Node(tmp_path / own, address=own, join=join, tls=tls(host_of(own)), **quick()).start()
        nodes.append(node)
        node.wait_ready(HANG)
    yield nodes
    for node in nodes:
        node.close(handover=False)


def test_a_key_that_others_can_read_is_warned_of_once(tls: Tls, caplog: pytest.LogCaptureFixture) -> None:
    pair = tls("client")
    key = Path(pair.key)

    def warnings(mode: int) -> list[str]:
        key.chmod(mode)
        client = dqlitepy.Client(["127.0.0.1:1"], tls=pair, timeout=0.1)
        with suppress(dqlitepy.OperationalError):
            client.leader()
        return [record.getMessage() for record in caplog.records if "TLS key" in record.getMessage()]

    assert warnings(0o600) == warnings(0o640) == []  # a group may be meant to
    (warning,) = warnings(0o644)
    assert "has the mode 0644: everybody on this machine can read it" in warning and f"chmod 600 {key}" in warning
    assert warnings(0o644) == [warning]


def test_a_node_tells_where_its_clients_are(encrypted: list[dqlitepy.Node], tls: Tls) -> None:
    """It hears them through tunnels of its own."""
    client = dqlitepy.Client([node.address for node in encrypted], tls=tls("client"), timeout=HANG)
    leader = client.leader().address
    con = dqlitepy.connect(f"dqlite://{leader}/main", tls=tls("client"), leader_timeout=HANG)
    con.execute("SELECT 1")
    [own] = [each for each in client.connections(leader) if each.database == "main"]
    host, _, port = own.address.rpartition(":")
    assert host.startswith("127.0.0.") and int(port) > 0
    assert not own.in_process
    con.close()


def test_a_cluster_speaks_and_changes_leaders_over_tls(encrypted: list[dqlitepy.Node], tls: Tls) -> None:
    client = dqlitepy.Client([node.address for node in encrypted], tls=tls("client"), timeout=HANG)
    wait_for_voters(client, 3)
    con = dqlitepy.connect(f"dqlite://{encrypted[0].address}", tls=tls("client"))
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (?)", ("x" * 300_000,))
    con.commit()
    assert con.execute("SELECT length(a) FROM t").fetchone() == (300_000,)
    con.close()
    leader = next(node for node in encrypted if node.id == client.leader().id)
    leader.close()
    left = next(node for node in encrypted if node is not leader)
    con = dqlitepy.connect(left)
    assert con.execute("SELECT length(a) FROM t").fetchone() == (300_000,)
    con.close()
    files = tls("client")
    url = f"dqlite://{left.address}/main?tls_cert={files.cert}&tls_key={files.key}&tls_ca={files.ca}"
    con = dqlitepy.connect(url)
    assert con.execute("SELECT count(*) FROM t").fetchone() == (1,)
    con.close()


def test_strangers_are_turned_away(encrypted: list[dqlitepy.Node], tls: Tls, tmp_path: Path) -> None:
    at = encrypted[0].address
    for stranger in (None, tls("client", tmp_path / "foreign")):
        with pytest.raises(dqlitepy.NoLeaderError, match=at):
            dqlitepy.Client(at, tls=stranger, timeout=0.5).leader()
        with pytest.raises(dqlitepy.OperationalError, match=at):
            dqlitepy.Client(at, tls=stranger, timeout=5).describe(at)
        with pytest.raises(dqlitepy.NoLeaderError, match=at):
            dqlitepy.connect(f"dqlite://{at}", tls=stranger, leader_timeout=0.5)
    anonymous = ssl.create_default_context(cafile=tls("client").ca)  # trusts the authority, but shows no certificate
    with (
        dial(at) as raw,
        anonymous.wrap_socket(raw, server_hostname=host_of(at)) as connection,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        connection.sendall((1).to_bytes(8, "little"))
        if not connection.recv(1):
            raise ConnectionResetError


def test_a_node_of_another_authority_does_not_join(encrypted: list[dqlitepy.Node], tls: Tls, tmp_path: Path) -> None:
    [at] = addresses(1)
    foreign = tls(host_of(at), tmp_path / "foreign")
    node = dqlitepy.Node(tmp_path / "x", address=at, join=[encrypted[0].address], tls=foreign, **quick()).start()
    failure_of(node.wait_ready, dqlitepy.NoLeaderError, "certificate")
    node.close(handover=False)
    assert len(encrypted[0].client(HANG).cluster()) == 3


def forward(relay: socket.socket, at: str) -> None:
    """Leads one connection to a relay on to the node at an address."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    inside, _ = relay.accept()
    with inside, dial(at) as outside:
        back = threading.Thread(target=copy, args=(outside, inside))
        back.start()
        copy(inside, outside)
        back.join()


def test_a_server_that_is_not_the_one_named(encrypted: list[dqlitepy.Node], tls: Tls) -> None:
    """The certificate must name the host that was dialled."""
    [elsewhere] = addresses(1)
    with socket.create_server((host_of(elsewhere), 0)) as relay:
        thread = threading.Thread(target=forward, args=(relay, encrypted[0].address))
        thread.start()
        at = f"{host_of(elsewhere)}:{relay.getsockname()[1]}"
        with pytest.raises(dqlitepy.OperationalError, match="certificate is valid for"):
            dqlitepy.Client(at, tls=tls("client"), timeout=HANG).describe(at)
        thread.join(HANG)


def test_what_cannot_work_is_refused_at_once(certs: Path, tls: Tls, tmp_path: Path) -> None:
    good, other = tls("127.0.0.1"), tls("127.0.0.2")
    foreign = tls("127.0.0.1", tmp_path / "foreign")
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    for broken, message in (
        (TLS(tmp_path / "missing", good.key, good.ca), "missing' cannot be read: No such file"),
        (TLS(good.cert, tmp_path, good.ca), "cannot be read: Is a directory"),
        (TLS(tmp_path / "empty", good.key, good.ca), "certificate holds no certificate in PEM form"),
        (TLS(tmp_path / "binary", good.key, good.ca), "is not in PEM form"),
        (TLS(good.cert, tmp_path / "empty", good.ca), "holds no key in PEM form"),
        (TLS(good.cert, good.key, tmp_path / "empty"), "the authority .CA. is missing"),
        (TLS(good.cert, other.key, good.ca), "the key does not belong to the certificate"),
        (TLS(good.cert, good.key, foreign.ca), "did not sign the certificate"),
        (TLS(certs / "ca.pem", certs / "ca.key", good.ca), "has no SAN"),
        (TLS(good.key, good.cert, good.ca), "holds no certificate in PEM form"),
    ):
        for refused in (
            broken.check,
            dqlitepy.Node(tmp_path / "node", address="127.0.0.1:1", tls=broken).start,
            dqlitepy.Client("127.0.0.1:1", tls=broken).leader,
            partial(dqlitepy.connect, "dqlite://127.0.0.1:1", tls=broken),
        ):
            with pytest.raises(dqlitepy.OperationalError, match=message):
                refused()
    assert not (tmp_path / "node").exists()
    good.check("127.0.0.1:9000")
    with pytest.raises(dqlitepy.OperationalError, match=r"not one for 127.0.0.3: its SAN .* has only 127.0.0.1"):
        dqlitepy.Node(tmp_path / "node", address="127.0.0.3:1", tls=good).start()


def test_certificates_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "certs"
    written = dqlitepy.make_certificates(folder, ["db1,10.0.0.1,::1", "db2"], valid_days=30)
    assert [os.path.basename(path) for path in written] == [
        "ca.key",
        "ca.pem",
        "db1.key",
        "db1.pem",
        "db2.key",
        "db2.pem",
    ]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert all(mode == (0o600 if name.endswith(".key") else 0o644) for name, mode in modes.items())
    for address in ("db1:9000", "10.0.0.1:9000", "[::1]:9000"):
        TLS(folder / "db1.pem", folder / "db1.key", folder / "ca.pem").check(address)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FileExistsError, match="db2.pem already exists"):
        dqlitepy.make_certificates(folder, ["db3", "db2"])
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert len(dqlitepy.make_certificates(folder, ["db3"])) == 2  # by the same authority
    TLS(folder / "db3.pem", folder / "db3.key", folder / "ca.pem").check("db3:9000")


@pytest.mark.parametrize(
    "hosts", [[], [""], ["a,"], ["../x"], ["a/b"], ["a b"], ["é"], ["ca"], [".hidden"], ["a" * 254], [7]]
)
def test_hosts_that_are_none(tmp_path: Path, hosts: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=r"host|cannot be the name"):
        dqlitepy.make_certificates(tmp_path / "certs", hosts)
    assert not (tmp_path / "certs").exists()


def test_a_single_host_needs_no_list(tmp_path: Path) -> None:
    written = dqlitepy.make_certificates(tmp_path, "db1,10.0.0.1")
    assert sorted(map(os.path.basename, written)) == ["ca.key", "ca.pem", "db1.key", "db1.pem"]


def test_what_is_no_tls_is_refused_where_it_is_given(tmp_path: Path) -> None:
    files: Any = ("node.pem", "node.key", "ca.pem")
    for use in (
        lambda: dqlitepy.Node(tmp_path / "data", address="127.0.0.1:1", tls=files),
        lambda: dqlitepy.Client(["127.0.0.1:1"], tls=files),
        lambda: dqlitepy.connect("dqlite://127.0.0.1:1", tls=files),
    ):
        with pytest.raises(TypeError, match="^tls must be TLS or None, not tuple$"):
            use()


def test_valid_for_no_time(tmp_path: Path) -> None:
    for days in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="valid_days"):
            dqlitepy.make_certificates(tmp_path / "certs", ["a"], valid_days=days)
