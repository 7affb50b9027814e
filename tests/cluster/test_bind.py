# SPDX-License-Identifier: Apache-2.0
"""Nodes that listen at another address than the one that they have in their cluster: behind NAT, in containers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import dqlitepy
import pytest

from tests.cluster.machines import NodeProcess, address, addresses, quick, voters
from tests.support import HANG, eventually


class Translation:
    """What NAT does for one address: who connects to it is led to another one."""

    def __init__(self, outside: str, inside: str) -> None:
        self._inside = inside
        self._listener = socket.create_server(split(outside))
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Leads nobody any more, and ends those that were led."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for connection in list(self._open):
            end(connection)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.add(connection)
                self._threads.append(threading.Thread(target=self._lead, args=[connection]))
                self._threads[-1].start()

    def _lead(self, left: socket.socket) -> None:
        with left:
            try:
                right = socket.create_connection(split(self._inside))
            except OSError:
                right = None
            if right is not None:
                with right:
                    back = threading.Thread(target=copy, args=[right, left])
                    back.start()
                    copy(left, right)
                    back.join()
            self._open.discard(left)


def split(at: str) -> tuple[str, int]:
    host, _, port = at.partition(":")
    return host, int(port)


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    end(source)
    end(target)


def end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def translated(count: int, folder: Path, *, tls: bool = False) -> Iterator[list[NodeProcess]]:
    """Yields nodes that nobody reaches but by translation."""
    outside, inside = addresses(count), addresses(count)
    files: list[list[str] | None] = [None] * count
    if tls:
        hosts = [at.partition(":")[0] for at in outside]
        dqlitepy.make_certificates(folder, [*hosts, "client"])
        files = [[str(folder / name) for name in (f"{host}.pem", f"{host}.key", "ca.pem")] for host in hosts]
    with ExitStack() as stack:
        nodes = []
        for number in range(count):
            stack.enter_context(closing(Translation(outside[number], inside[number])))
            join = outside[:1] if number else []
            directory = folder / f"n{number}"
            node = NodeProcess(directory, outside[number], join=join, bind=inside[number], tls=files[number])
            stack.callback(node.close)
            node.start()
            node.wait_ready()
            nodes.append(node)
        yield nodes


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_cluster_behind_nat(tmp_path: Path, encrypted: bool) -> None:
    with translated(3, tmp_path, tls=encrypted) as nodes:
        outside = [node.address for node in nodes]
        names = [tmp_path / name for name in ("client.pem", "client.key", "ca.pem")]
        tls = dqlitepy.TLS(*names) if encrypted else None
        client = dqlitepy.Client(outside, tls=tls, timeout=HANG)
        eventually(lambda: voters(client), lambda count: count == 3)
        assert sorted(member.address for member in client.cluster()) == sorted(outside)
        con = dqlitepy.connect(f"dqlite://{','.join(outside)}/main", tls=tls, leader_timeout=HANG, isolation_level=None)
        con.execute("CREATE TABLE t (n INTEGER)")
        for number, at in enumerate(outside):
            client.transfer(at)
            con.execute("INSERT INTO t VALUES (?)", (number,))
        assert con.execute("SELECT sum(n) FROM t").fetchone() == (3,)
        con.close()


def test_a_node_whose_own_address_leads_nowhere_from_its_machine(tmp_path: Path) -> None:
    """Neither it nor the clients in its process use that one, though it leads under that name."""
    outside, inside = address(), address()
    with dqlitepy.Node(tmp_path / "n", address=outside, bind=inside, **quick()) as node:
        node.wait_ready(HANG)
        assert (node.address, node.servers) == (outside, (outside,))
        assert node.leader == dqlitepy.NodeInfo(node.id, outside)
        with closing(dqlitepy.connect(node)) as con, closing(dqlitepy.connect(f"dqlite://{outside}/main")) as other:
            con.execute("CREATE TABLE t (n INTEGER)")
            con.execute("INSERT INTO t VALUES (1)")
            con.commit()
            assert other.execute("SELECT n FROM t").fetchall() == [(1,)]
        assert [member.address for member in node.client().cluster()] == [outside]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(split(outside))
    with pytest.raises(dqlitepy.NoLeaderError):
        dqlitepy.Client(outside, timeout=0.1).leader()  # it has stopped, and its address is nobody's here
    # It may listen elsewhere the next time; its address is what its directory remembers.
    with dqlitepy.Node(tmp_path / "n", bind=address(), **quick()) as node, closing(dqlitepy.connect(node)) as con:
        assert node.address == outside
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
    with dqlitepy.Node(tmp_path / "n", **quick()) as node, closing(dqlitepy.connect(node)) as con:
        assert con.execute("SELECT n FROM t").fetchall() == [(1,)]


def test_all_addresses_of_a_machine(tmp_path: Path) -> None:
    first = address()
    port = first.partition(":")[2]
    node = NodeProcess(tmp_path / "n", first, bind=f"0.0.0.0:{port}")
    node.start()
    try:
        node.wait_ready()
        for host in first.partition(":")[0], "127.0.0.1":
            [member] = dqlitepy.Client(f"{host}:{port}", timeout=HANG).members(f"{host}:{port}")
            assert member.address == first
    finally:
        node.close()


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="its port must be"):
        dqlitepy.Node(tmp_path, address=address(), bind="0.0.0.0:0")
    with pytest.raises(dqlitepy.OperationalError, match=r"is not an address that other nodes can reach: .*bind"):
        dqlitepy.Node(tmp_path, address="0.0.0.0:9000").start()
    taken = address()
    with (
        socket.create_server(split(taken)),
        pytest.raises(dqlitepy.OperationalError, match=f"it cannot listen on {taken} "),
    ):
        dqlitepy.Node(tmp_path, address=address(), bind=taken).start()
    assert not (tmp_path / "info.yaml").exists()
