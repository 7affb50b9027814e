# SPDX-License-Identifier: Apache-2.0
"""A hostile server for each test, and the proof that nothing of a connection to it outlives the test."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator

import dqlitepy
import pytest

from tests.hostile.client import connect
from tests.hostile.server import Server
from tests.support import HANG, open_handles


@pytest.fixture(autouse=True, scope="session")
def warm() -> None:
    """What the library opens once and keeps is open before anything is counted."""
    with Server() as server:
        connect(server.address).close()


@pytest.fixture(autouse=True)
def leaves_nothing(warm: None) -> Iterator[None]:
    """No handle and no file descriptor of the test is left; what ends in the background gets the time for it."""
    gc.collect()
    before = _open()
    yield
    gc.collect()
    deadline = time.monotonic() + HANG
    while any(now > then for now, then in zip(_open(), before, strict=True)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert all(now <= then for now, then in zip(_open(), before, strict=True)), (_open(), before)


def _open() -> tuple[int, int]:
    return open_handles(), len(os.listdir("/proc/self/fd"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that behaves until it is told otherwise."""
    with Server() as running:
        yield running


@pytest.fixture
def con(server: Server) -> Iterator[dqlitepy.Connection]:
    """A connection to the server, in autocommit."""
    connection = connect(server.address)
    yield connection
    connection.close()
