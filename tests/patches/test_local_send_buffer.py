# SPDX-License-Identifier: Apache-2.0
"""A client in the node's process that is busy with some pages of a result finds the next ones ready."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.wire import HANG_SECONDS

PAGE = 64 << 10
BY_DEFAULT = 4  # pages that are under way before the server waits for the client
MANY_ROWS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT i, 'text' FROM n"


@pytest.fixture
def client_ends(tmp_path: Path) -> Iterator[list[socket.socket]]:
    """The unix sockets by which this process reaches its node, while the rest of a long result waits there."""
    with ExitStack() as stack:
        con = stack.enter_context(closing(dqlitepy.connect(tmp_path / "db")))
        cursor = con.execute(MANY_ROWS)
        assert cursor.fetchone() == (1, "text")
        found = []
        for descriptor in os.listdir("/proc/self/fd"):
            try:
                candidate = stack.enter_context(socket.socket(fileno=os.dup(int(descriptor))))
                if candidate.family == socket.AF_UNIX and candidate.getpeername().startswith(b"\0"):
                    found.append(candidate)
            except OSError:  # the descriptor of the listing itself, or no socket, or not connected
                pass
        yield found


def waiting(ends: list[socket.socket]) -> int:
    """Returns how many bytes have come and were not read."""
    return sum(struct.unpack("i", fcntl.ioctl(end, termios.FIONREAD, b"\0" * 4))[0] for end in ends)


def test_the_server_makes_more_pages_than_the_kernel_has_room_for_by_default(client_ends: list[socket.socket]) -> None:
    assert client_ends
    deadline = time.monotonic() + HANG_SECONDS
    while waiting(client_ends) <= BY_DEFAULT * PAGE:
        assert time.monotonic() < deadline, f"{waiting(client_ends)} bytes are all that the server sends"
        time.sleep(0.01)
