# SPDX-License-Identifier: Apache-2.0
"""The server's end of a TCP connection sends at once, and notices when its peer has vanished."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patches.node import start_node
from tests.patches.wire import Client
from tests.support import free_address


@pytest.fixture
def server_end(tmp_path: Path) -> Iterator[socket.socket]:
    """The server's socket of a connection to a node in this process."""
    address = free_address()
    node = start_node(str(tmp_path), address)
    try:
        with Client(address) as client, _socket_with_peer(client.socket.getsockname()) as server:
            yield server
    finally:
        node.close()


def _socket_with_peer(peer: tuple[str, int]) -> socket.socket:
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            candidate = socket.socket(fileno=os.dup(int(descriptor)))
        except OSError:  # no socket, or the descriptor of the listing itself
            continue
        try:
            if candidate.family == socket.AF_INET and candidate.getpeername() == peer:
                return candidate
        except OSError:  # not connected
            pass
        candidate.close()
    raise LookupError(f"no socket of this process has the peer {peer}")


def test_a_response_does_not_wait_for_an_acknowledgement(server_end: socket.socket) -> None:
    assert server_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_silent_peer_is_probed_within_a_minute(server_end: socket.socket) -> None:
    assert server_end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
    idle = server_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
    interval = server_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
    probes = server_end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
    assert idle + interval * probes <= 60
