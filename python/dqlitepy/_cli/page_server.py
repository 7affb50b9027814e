# SPDX-License-Identifier: Apache-2.0
"""Serves some pages over HTTP, from one thread and within bounds: who sends nothing, or too much, is cut off."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address
from threading import Thread
from time import monotonic

from dqlitepy._cli.failure import Failure

_MOST_CONNECTIONS = 64
_MOST_REQUEST_BYTES = 8192
_REQUEST_SECONDS = 5.0  # for a request to come in whole, however it trickles
_ANSWER_SECONDS = 10.0  # for its answer to be taken, and the connection to be closed
_PAUSE_SECONDS = 0.2  # before the next try to accept, where there are no descriptors
_PIECE = 65536
_ENDS = (b"\r\n\r\n", b"\n\n")

# Returns status, type and text of the page.
Page = Callable[[], tuple[HTTPStatus, str, str]]


class _Visitor:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.deadline = monotonic() + _REQUEST_SECONDS
        self.request = b""
        self.answer: memoryview | None = None  # what is left of it
        self.said_all = False  # the answer is out; what still comes in is thrown away

    def events(self) -> int:
        return selectors.EVENT_WRITE if self.answer else selectors.EVENT_READ


class PageServer:
    """Answers `GET` of some paths from a thread of its own until `close`."""

    def __init__(self, listener: socket.socket, pages: Mapping[str, Page], *, named: bool = True) -> None:
        """Begins to serve.

        Args:
            listener: a socket that listens; it is closed in the end.
            pages: what makes the page of a path, once for each request, and at once.
            named: whether the server may be asked by any name. Otherwise only by an address or as localhost: a browser
                may be led to this machine by a name of somebody else's, whose scripts would then read the page.
        """
        self._listener, self._pages, self._named = listener, pages, named
        self._visitors: dict[socket.socket, _Visitor] = {}  # the oldest first
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = Thread(target=self._serve, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening and hangs up, also on who is in the midst of a request."""
        self._wake.close()
        self._thread.join()

    def _serve(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            for connection in (*self._visitors, self._listener, self._woken):
                connection.close()
            self._selector.close()

    def _turn(self) -> bool:
        ready = self._selector.select(self._patience())
        knocks = False
        for key, _ in ready:
            if key.fileobj is self._woken:
                return False
            if key.fileobj is self._listener:
                knocks = True  # last, so that a visitor that sent a request is not closed for one that sent none
            elif (visitor := self._visitors.get(key.fileobj)) is not None:  # type: ignore[call-overload]
                self._go_on(visitor)
        now = monotonic()
        for visitor in [visitor for visitor in self._visitors.values() if visitor.deadline <= now]:
            self._hang_up(visitor)
        if knocks:
            self._let_in()
        return True

    def _patience(self) -> float | None:
        deadlines = [visitor.deadline for visitor in self._visitors.values()]
        return max(0.0, min(deadlines) - monotonic()) if deadlines else None

    def _let_in(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError, InterruptedError):
            return
        except OSError:  # no descriptors, no memory: at once it would be the same again
            self._selector.unregister(self._listener)
            try:
                self._selector.select(_PAUSE_SECONDS)
            finally:
                self._selector.register(self._listener, selectors.EVENT_READ)
            return
        connection.setblocking(False)
        if len(self._visitors) >= _MOST_CONNECTIONS:
            self._hang_up(next(iter(self._visitors.values())))
        visitor = _Visitor(connection)
        self._visitors[connection] = visitor
        self._selector.register(connection, visitor.events())

    def _hang_up(self, visitor: _Visitor) -> None:
        del self._visitors[visitor.connection]
        self._selector.unregister(visitor.connection)
        visitor.connection.close()

    def _go_on(self, visitor: _Visitor) -> None:
        try:
            if visitor.answer:
                visitor.answer = visitor.answer[visitor.connection.send(visitor.answer) :]
                if not visitor.answer:  # closed at once, it would be reset by what may still be coming in
                    visitor.said_all = True
                    visitor.connection.shutdown(socket.SHUT_WR)
            else:
                data = visitor.connection.recv(_PIECE)
                if not data:
                    self._hang_up(visitor)
                    return
                if not visitor.said_all:
                    self._hear(visitor, data)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._hang_up(visitor)
            return
        self._selector.modify(visitor.connection, visitor.events())

    def _hear(self, visitor: _Visitor, data: bytes) -> None:
        visitor.request += data[: _MOST_REQUEST_BYTES + 1]
        whole = any(end in visitor.request for end in _ENDS)
        if len(visitor.request) > _MOST_REQUEST_BYTES and not whole:
            answer = _error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif whole:
            answer = self._answer(visitor.request.decode("latin-1"))
        else:
            return
        visitor.answer, visitor.deadline = memoryview(answer), monotonic() + _ANSWER_SECONDS

    def _answer(self, request: str) -> bytes:
        line, *headers = request.split("\n")
        words = line.split()
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            return _error(HTTPStatus.BAD_REQUEST)
        method, target, _ = words
        if not self._named and not all(map(_is_address, _hosts_in(headers))):
            return _error(HTTPStatus.MISDIRECTED_REQUEST, "Ask by an address, or as localhost")
        page = self._pages.get(target.partition("?")[0])
        if page is None:
            return _error(HTTPStatus.NOT_FOUND, f"There is only {' and '.join(self._pages)}")
        if method not in ("GET", "HEAD"):
            return _error(HTTPStatus.METHOD_NOT_ALLOWED)
        answer = _message(*page())
        return answer if method == "GET" else answer[: answer.index(b"\r\n\r\n") + 4]


def _hosts_in(headers: list[str]) -> list[str]:
    """Returns by which names a request asks for the server; without any it comes from no browser."""
    pairs = [header.partition(":") for header in headers]
    return [value.strip() for name, _, value in pairs if name.strip().lower() == "host"]


def _is_address(host: str) -> bool:
    name = host[: host.rindex("]") + 1] if "]" in host else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def listen_on(address: str, what: str) -> socket.socket:
    """Returns a socket that listens on "host:port"; port 0 takes a free one.

    Args:
        address: where.
        what: what is served there, for errors.

    Raises:
        Failure: it cannot be listened on.
    """
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:
        raise Failure(f"{address} is not an address to listen on", "Give HOST:PORT, such as 127.0.0.1:9100.")
    try:
        return listen(host.strip("[]"), int(port))
    except OSError as error:
        raise Failure(
            f"{what} cannot be served on {address}: {error.strerror}",
            "Is the address this machine's, and its port free?",
        ) from error


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens.

    Raises:
        OSError: the address is not this machine's, or its port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener


def is_loopback_socket(listener: socket.socket) -> bool:
    """Tells whether only this machine can reach a socket that listens."""
    return ip_address(listener.getsockname()[0]).is_loopback


def _error(status: HTTPStatus, text: str = "") -> bytes:
    return _message(status, "text/plain; charset=utf-8", f"{text or status.phrase}\n")


def _message(status: HTTPStatus, kind: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body
