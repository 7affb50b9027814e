# SPDX-License-Identifier: Apache-2.0
"""The network of the suite: what is open passes, what is cut ends, what is held arrives later."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.jepsen.relays import CUT, HOLD, Relays
from tests.support import HANG, free_address


@pytest.fixture
def port() -> int:
    return int(free_address().rpartition(":")[2])


@pytest.fixture
def relays(port: int) -> Iterator[Relays]:
    """Two nodes, each of which gives back what it gets, in capitals."""
    own = ["127.7.0.11", "127.7.0.12"]
    servers = []
    for host in own:
        server = socket.create_server((host, port))
        threading.Thread(target=echo, args=(server,), daemon=True).start()
        servers.append(server)
    made = Relays(2, lambda number: own[number], lambda source, target: f"127.7.{source + 1}.{target}", port)
    made.start()
    yield made
    made.stop()
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def echo(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(100):
            connection.sendall(data.upper())


def dialled(source: int, target: int, port: int) -> socket.socket:
    return socket.create_connection((f"127.7.{source + 1}.{target}", port), timeout=HANG)


def test_each_direction_is_open_at_first(relays: Relays, port: int) -> None:
    for source, target in ((0, 1), (1, 0)):
        with dialled(source, target, port) as con:
            con.sendall(b"abc")
            assert con.recv(100) == b"ABC"


def test_a_cut_ends_connections_of_its_direction_alone(relays: Relays, port: int) -> None:
    with dialled(0, 1, port) as there, dialled(1, 0, port) as back:
        for con in (there, back):
            con.sendall(b"abc")
            assert con.recv(100) == b"ABC"
        relays.set([(0, 1)], CUT)
        assert there.recv(100) == b""
        back.sendall(b"abc")
        assert back.recv(100) == b"ABC"
        with dialled(0, 1, port) as again:
            assert again.recv(100) == b""
    relays.heal()
    with dialled(0, 1, port) as con:
        con.sendall(b"abc")
        assert con.recv(100) == b"ABC"


def test_what_is_held_arrives_when_the_network_is_whole_again(relays: Relays, port: int) -> None:
    with dialled(0, 1, port) as held, dialled(1, 0, port) as other:
        held.sendall(b"a")
        assert held.recv(100) == b"A"
        relays.set([(0, 1)], HOLD)
        other.sendall(b"b")
        assert other.recv(100) == b"B"  # the change came before this on the relays' own thread
        held.sendall(b"c")
        held.settimeout(0.2)
        with pytest.raises(TimeoutError):
            held.recv(100)
        held.settimeout(HANG)
        relays.heal()
        assert held.recv(100) == b"C"
