# SPDX-License-Identifier: Apache-2.0
"""What the first argument of connect means, and what an address is."""

from __future__ import annotations

from pathlib import Path

import dqlitepy
import pytest
from dqlitepy._cluster.address import host_of, is_loopback, normalized
from dqlitepy._cluster.file_uri import Directory
from dqlitepy._cluster.target import Cluster, target_of

FILES = "tls_cert=c.pem&tls_key=%2Fetc%2Fk.pem&tls_ca=ca.pem"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("dqlite://h1:9001,h2:9002/main", Cluster(("h1:9001", "h2:9002"), "main", None)),
        ("dqlite://h1", Cluster(("h1:9000",), "main", None)),
        ("dqlite://h1/", Cluster(("h1:9000",), "main", None)),
        ("dqlite://h1:9001/my%20data", Cluster(("h1:9001",), "my data", None)),
        ("dqlite://[::1]:9001,[fe80::1]/x", Cluster(("[::1]:9001", "[fe80::1]:9000"), "x", None)),
        (
            "dqlite://h1/x?node=h2:9002&node=h3,[::1]",
            Cluster(("h1:9000", "h2:9002", "h3:9000", "[::1]:9000"), "x", None),
        ),
        ("dqlite:///x?node=h2", Cluster(("h2:9000",), "x", None)),
        (
            "dqlite://[::1]:1/x?node=%5B%3A%3A1%5D%3A2&node=fe80::1",
            Cluster(("[::1]:1", "[::1]:2", "[fe80::1]:9000"), "x", None),
        ),
        (
            "dqlite://h1/x?node=h2%3A9002&tls_key=my+key&tls_cert=c&tls_ca=a",
            Cluster(("h1:9000", "h2:9002"), "x", ("c", "my key", "a")),
        ),
        ("dqlite://h1,h1:9000", Cluster(("h1:9000",), "main", None)),
        (f"dqlite://h1/x?{FILES}", Cluster(("h1:9000",), "x", ("c.pem", "/etc/k.pem", "ca.pem"))),
        ("data/", Directory("data/")),
        (Path("data"), Directory("data")),
        (b"data", Directory("data")),
        ("dqlite", Directory("dqlite")),
        ("dqlite/x:y", Directory("dqlite/x:y")),
        ("", None),
        (":memory:", None),
    ],
)
def test_target(url: str, expected: object) -> None:
    assert target_of(url, uri=False) == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("dqlite://", "it names no node"),
        ("dqlite:///main", "a directory is given as its path alone"),
        ("dqlite:h1:9001/main", "write dqlite://host:port,host:port/database"),
        ("DQLITE://h1/main", "write dqlite://host:port,host:port/database"),
        ("dqlite://h1,/main", "'' is not an address"),
        ("dqlite://h1:/main", "its port must be a number"),
        ("dqlite://h1:0/main", "its port must be a number"),
        ("dqlite://h1:65536/main", "its port must be a number"),
        ("dqlite://h1:90x/main", "its port must be a number"),
        ("dqlite://h1:-1/main", "its port must be a number"),
        ("dqlite://h1:9001:9002/main", "is not an IPv6 address"),
        ("dqlite://[::1/main", "write an IPv6 one as"),
        ("dqlite://[::1]9000/main", "write an IPv6 one as"),
        ("dqlite://[10.0.0.1]:9000/main", "is not an IPv6 address"),
        ("dqlite://10.0.0.256/main", "is not an IPv4 address"),
        ("dqlite://10.0.1/main", "is not an IPv4 address"),
        ("dqlite://h 1/main", "is not an address"),
        ("dqlite://h1;h2/main", "is not an address"),
        ("dqlite://user:secret@h1/main", "no users and passwords"),
        ("dqlite://h1/main#x", "fragment"),
        ("dqlite://h1/a/b", "no name of a database"),
        ("dqlite://h1/a%2Fb", "no name of a database"),
        ("dqlite://h1/%ff", "codec"),
        ("dqlite://h1/main?timeout=5", "an option 'timeout', but there are only node, tls_cert, tls_key, tls_ca"),
        ("dqlite://h1/main?node", "bad query field"),
        ("dqlite://h1/main?node=", "'' is not an address"),
        ("dqlite://h1/main?tls_ca=x", "go together"),
        (f"dqlite://h1/main?{FILES}&tls_ca=y", "must be given once"),
        ("dqlite://h1/main?tls_ca=", "must be given once"),
        ("dqlite://h1/main\0", "null character"),
    ],
)
def test_urls_that_are_none(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        target_of(url, uri=False)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:data", Directory("data")),
        ("file:/var/my%20data", Directory("/var/my data")),
        ("file:///var/data", Directory("/var/data")),
        ("file://localhost/var/data", Directory("/var/data")),
        ("file:data?mode=rwc&cache=private", Directory("data")),
        ("file:data?mode=rw", Directory("data", create=False)),
        ("file:data?mode=ro#x", Directory("data", create=False, read_only=True)),
        ("file:data%ff", Directory("data\udcff")),
        ("file:x?mode=memory", None),
        ("file::memory:", None),
        ("file:", None),
    ],
)
def test_file_uri(uri: str, expected: object) -> None:
    assert target_of(uri, uri=True) == expected
    assert target_of(uri, uri=False) == Directory(uri)


@pytest.mark.parametrize(
    ("uri", "error", "message"),
    [
        ("file://elsewhere/data", dqlitepy.OperationalError, "^invalid uri authority: elsewhere$"),
        ("file:data?mode=append", dqlitepy.OperationalError, "^no such access mode: append$"),
        ("file:data?cache=shared", dqlitepy.NotSupportedError, "^cache=shared in"),
        ("file:data?immutable=1", dqlitepy.NotSupportedError, "^immutable=1 in"),
        ("file:data?vfs=unix", dqlitepy.NotSupportedError, "^vfs=unix in"),
        ("file:da%00ta", ValueError, "null character"),
    ],
)
def test_file_uris_that_are_refused(uri: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        target_of(uri, uri=True)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1:9001", "10.0.0.1:9001"),
        ("10.0.0.1", "10.0.0.1:9000"),
        ("db-1.example.com:09", "db-1.example.com:9"),
        ("::1", "[::1]:9000"),
        ("[0:0::1]:7", "[::1]:7"),
        ("[fe80::1%eth0]:7", "[fe80::1%eth0]:7"),
    ],
)
def test_addresses_have_one_form(address: str, expected: str) -> None:
    assert normalized(address) == expected
    assert normalized(expected) == expected


def test_an_address_is_text() -> None:
    with pytest.raises(TypeError, match="must be str, not int"):
        normalized(9000)  # type: ignore[arg-type]


def test_who_can_reach_an_address() -> None:
    assert [is_loopback(at) for at in ("127.5.0.1:1", "[::1]:1", "localhost:1")] == [True] * 3
    assert [is_loopback(at) for at in ("10.0.0.1:1", "[fe80::1]:1", "db1:1")] == [False] * 3
    assert host_of("[fe80::1]:1") == "fe80::1"


def test_arguments_that_contradict_each_other(tmp_path: Path) -> None:
    tls = dqlitepy.TLS("c", "k", "a")
    for database, options, message in (
        ("dqlite://h1/main", {"name": "other"}, "names the database 'main', but name='other'"),
        (f"dqlite://h1/main?{FILES}", {"tls": tls}, "both name TLS files"),
        (tmp_path / "data", {"tls": tls}, "tls is for clusters"),
    ):
        with pytest.raises(ValueError, match=message):
            dqlitepy.connect(database, **options)
    assert not (tmp_path / "data").exists()
    with pytest.raises(TypeError, match="expected str, bytes, os.PathLike object or Node, not int"):
        dqlitepy.connect(7)  # type: ignore[call-overload]
    with pytest.raises(dqlitepy.ProgrammingError, match="does not run"):
        dqlitepy.connect(dqlitepy.Node(tmp_path / "data", address="127.0.0.1:1"))
