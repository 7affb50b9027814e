# SPDX-License-Identifier: Apache-2.0
"""`--metrics` goes on answering, whatever else connects to its port, and takes no more for it than its bounds."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import pytest
from dqlitepy._cli import page_server
from dqlitepy._cli.page_server import PageServer, listen

from tests.cli.nodes import NodeProcess
from tests.support import HANG, eventually, free_address

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


class Served:
    """A server and what its page is."""

    def __init__(self) -> None:
        self.text = "x 1\n"
        listener = listen("127.0.0.1", 0)
        self.address: tuple[str, int] = listener.getsockname()
        self.server = PageServer(listener, {"/metrics": lambda: (HTTPStatus.OK, "text/plain", self.text)})


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served()
    yield running
    running.server.close()


def dial(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=HANG)


def ask(address: tuple[str, int], request: bytes = GET) -> bytes:
    """Sends a request and returns all that comes back."""
    with dial(address) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_page(served: Served) -> None:
    head, _, body = ask(served.address).partition(b"\r\n\r\n")
    assert head.splitlines() == [
        *(b"HTTP/1.1 200 OK", b"Content-Type: text/plain", b"Content-Length: 4", b"Cache-Control: no-store"),
        b"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        *(b"X-Content-Type-Options: nosniff", b"Connection: close"),
    ]
    assert body == b"x 1\n"
    assert ask(served.address, b"GET /metrics?name[]=x HTTP/1.0\n\n").endswith(b"x 1\n")
    assert ask(served.address, b"HEAD /metrics HTTP/1.1\r\n\r\n").endswith(b"close\r\n\r\n")


BAD = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "an empty line": (b"\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\n\n", 400),
    "another page": (b"GET /other HTTP/1.1\r\n\r\n", 404),
    "another method": (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
    "a line without an end": (b"GET /" + b"x" * 100_000, 431),
    "headers without an end": (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, 431),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_answered_and_harms_nobody(served: Served, name: str) -> None:
    request, status = BAD[name]
    assert ask(served.address, request).startswith(b"HTTP/1.1 %d " % status)
    assert ask(served.address).endswith(b"x 1\n")


def test_a_page_that_is_larger_than_any_buffer(served: Served) -> None:
    served.text = "x" * 20_000_000
    assert len(ask(served.address)) > 20_000_000


def test_two_hundred_connections_that_never_end_their_request(served: Served) -> None:
    """Each sends a byte now and then: it is the request that has a time, not its next byte."""
    before = set(threading.enumerate())
    with ExitStack() as stack:
        lorises = [stack.enter_context(dial(served.address)) for _ in range(200)]
        for loris in lorises:
            with suppress(OSError):
                loris.sendall(GET[:20])
        for _ in range(10):
            assert ask(served.address).endswith(b"x 1\n")
            for loris in lorises:
                with suppress(OSError):
                    loris.sendall(b"a")
        assert set(threading.enumerate()) == before
        for loris in lorises:  # every one is hung up on, without a word
            loris.settimeout(HANG)
            with suppress(ConnectionError):
                assert loris.recv(1) == b""


def test_no_more_connections_are_held_than_allowed(served: Served) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(dial(served.address))
        # Both ends are this process's.
        eventually(lambda: len(os.listdir("/proc/self/fd")) - before - 200, lambda held: held <= 64)
        assert ask(served.address).endswith(b"x 1\n")


def test_who_does_not_take_the_answer_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "_ANSWER_SECONDS", 0.2)
    served.text = "x" * 20_000_000
    before = len(os.listdir("/proc/self/fd"))
    with dial(served.address) as connection:
        connection.sendall(GET)
        eventually(lambda: len(os.listdir("/proc/self/fd")) - before, lambda more: more == 1)
        with suppress(ConnectionError):
            while connection.recv(1 << 20):
                pass


def test_close_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_server, "_REQUEST_SECONDS", 2 * HANG)  # what it would wait for
    served = Served()
    with dial(served.address) as connection:
        connection.sendall(GET[:10])
        began = monotonic()
        served.server.close()
        assert monotonic() - began < HANG
        with suppress(ConnectionError):
            assert connection.recv(1) == b""


def test_a_node_is_scraped_beside_two_hundred_half_open_connections(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "data", "--address", free_address(), "--metrics", "127.0.0.1:0")
    try:
        address = ("127.0.0.1", int(node.wait_ready()["metrics"]))
        threads = Path(f"/proc/{node.process.pid}/task")
        before = len(os.listdir(threads))
        with ExitStack() as stack:
            for number in range(200):
                loris = stack.enter_context(dial(address))
                with suppress(OSError):
                    loris.sendall(GET[: number % 20])
            assert b"dqlitepy_is_leader 1" in ask(address)
            assert len(os.listdir(threads)) < before + 16  # Go has some more now and then
            assert node.stop()[0] == 0
    finally:
        node.kill()
