# SPDX-License-Identifier: Apache-2.0
"""Tests and actions reach nothing but this machine's loopback."""

from __future__ import annotations

import errno
import socket

import pytest


def test_loopback_is_the_only_interface() -> None:
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


def test_no_other_address_has_a_route() -> None:
    # 192.0.2.1 is kept for documentation: nobody answers there, and here not even a packet leaves.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packet, pytest.raises(OSError) as error:
        packet.connect(("192.0.2.1", 9))
    assert error.value.errno == errno.ENETUNREACH
