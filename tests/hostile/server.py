# SPDX-License-Identifier: Apache-2.0
"""A server that speaks dqlite's protocol as well, or as badly, as a test wants."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from tests.protocol import DONE, HEADER, MORE, Request, Response, Type, frame, text, word


def names(*columns: bytes) -> bytes:
    """Encodes what a page of rows begins with."""
    return word(len(columns)) + b"".join(map(text, columns))


def row(*values: tuple[int, bytes]) -> bytes:
    """Encodes a row out of the types of its values and their encoding."""
    kinds = [kind for kind, _ in values] + [0] * (-len(values) % 16)
    packed = bytes(low | high << 4 for low, high in zip(kinds[::2], kinds[1::2], strict=True))
    return packed + b"".join(encoded for _, encoded in values)


def page(*numbers: int, more: bool = False) -> bytes:
    """Encodes a page of rows with one column x of integers."""
    rows = b"".join(row((Type.INTEGER, word(number))) for number in numbers)
    return frame(Response.ROWS, names(b"x") + rows + (MORE if more else DONE))


def failure(code: int, message: str) -> bytes:
    """Encodes a failure."""
    return frame(Response.FAILURE, word(code) + text(message.encode()))


def result(last_insert_id: int = 1, changes: int = 1) -> bytes:
    """Encodes the answer to a statement without rows."""
    return frame(Response.RESULT, word(last_insert_id) + word(changes))


EMPTY = frame(Response.EMPTY, word(0))
STATEMENT = frame(Response.STATEMENT, word(0) + word(1))


@dataclass(frozen=True)
class Asked:
    """One request."""

    kind: Request
    sql: str  # "" where it has none
    schema: int = 0


Answer = Callable[["Peer", Asked], None]


class Peer:
    """One client, as the server sees it."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(self, data: bytes) -> None:
        """Sends bytes; a client that has gone away ends the connection."""
        self._socket.sendall(data)

    def hang_up(self) -> None:
        """Ends the connection, behind what was sent."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Ends the connection as a machine does that knows nothing of it."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def read(self, size: int) -> bytes:
        """Reads exactly `size` bytes.

        Raises:
            ConnectionError: the client has gone.
        """
        data = bytearray()
        while len(data) < size:
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the client closed the connection")
            data += chunk
        return bytes(data)

    def request(self) -> Asked:
        """Reads one request."""
        words, kind, schema, _ = HEADER.unpack(self.read(HEADER.size))
        body = self.read(words * 8)
        asked = Request(kind)
        sql = ""
        if asked in (Request.PREPARE, Request.EXEC_SQL, Request.QUERY_SQL):
            sql = body[8:].split(b"\0", 1)[0].decode()
        return Asked(asked, sql, schema)


def behave(peer: Peer, asked: Asked) -> None:
    """Answers as a server does on which all goes well and each query has one row."""
    match asked.kind:
        case Request.PREPARE:
            peer.send(STATEMENT)
        case Request.EXEC | Request.EXEC_SQL:
            peer.send(result())
        case Request.QUERY_SQL:
            columns = 2 if "last_insert_rowid" in asked.sql else 1
            cells = row(*[(Type.INTEGER, word(1))] * columns)
            peer.send(frame(Response.ROWS, names(*[b"x"] * columns) + cells + DONE))
        case Request.FINALIZE | Request.INTERRUPT:
            peer.send(EMPTY)
        case Request.OPEN:
            peer.send(frame(Response.DATABASE, word(0)))
        case _:
            raise AssertionError(f"{asked} is none of a client's requests")


class Server:
    """Listens on the loopback interface until it is closed. Says that it is the leader."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.answer: Answer = behave  # to all requests but LEADER and CLUSTER
        self.answer_leader: Answer = self.is_leader
        self.answer_cluster: Answer = self.is_alone
        self.greet: Callable[[Peer], None] = lambda peer: None  # behind the handshake, before any request
        self.asked: list[Asked] = []  # all requests but LEADER, CLUSTER and OPEN
        self.failures: list[BaseException] = []
        self._peers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closing = False
        acceptor = threading.Thread(target=self._accept)
        acceptor.start()
        self._threads.append(acceptor)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all connections.

        Raises:
            Exception: what a test's own answer raised.
        """
        self._closing = True
        for peer in [self._listener, *self._peers]:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for peer in [self._listener, *self._peers]:
            peer.close()
        if self.failures:
            raise self.failures[0]

    def arm(self, answer: Answer) -> None:
        """Answers the next request with a statement by `answer`, all after it well."""

        def once(peer: Peer, asked: Asked) -> None:
            if asked.kind in (Request.FINALIZE, Request.INTERRUPT, Request.OPEN):
                behave(peer, asked)
            else:
                self.answer = behave
                answer(peer, asked)

        self.answer = once

    def follow(self, answer_leader: Answer) -> None:
        """Opens no database from now on, as a server that is not the leader, and tells by `answer_leader` who is."""

        def answer(peer: Peer, asked: Asked) -> None:
            if asked.kind == Request.OPEN:
                peer.send(failure(10250, "not leader"))
            else:
                behave(peer, asked)

        self.answer, self.answer_leader = answer, answer_leader

    def statements(self) -> list[str]:
        """Returns the SQL that came in, in order."""
        return [asked.sql for asked in self.asked if asked.sql]

    def is_leader(self, peer: Peer, asked: Asked) -> None:
        """Answers LEADER."""
        peer.send(leader_at(self.address))

    def is_alone(self, peer: Peer, asked: Asked) -> None:
        """Answers CLUSTER."""
        peer.send(members((1, self.address)))

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers.append(connection)
            if self._closing:  # which may have overlooked this one
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        peer = Peer(connection)
        try:
            assert peer.read(8) == word(1), "not the handshake of version 1"
            self.greet(peer)
            while True:
                asked = peer.request()
                if asked.kind == Request.LEADER:
                    self.answer_leader(peer, asked)
                    continue
                if asked.kind == Request.CLUSTER:
                    self.answer_cluster(peer, asked)
                    continue
                if asked.kind != Request.OPEN:
                    self.asked.append(asked)
                self.answer(peer, asked)
        except (ConnectionError, OSError):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        except BaseException as error:
            self.failures.append(error)
            connection.close()


def leader_at(address: str) -> bytes:
    """Encodes the answer to LEADER."""
    return frame(Response.SERVER, word(1) + text(address.encode()))


def members(*known: tuple[int, str]) -> bytes:
    """Encodes the answer to CLUSTER: voters, by their numbers and addresses."""
    each = (word(number) + text(address.encode()) + word(0) for number, address in known)
    return frame(Response.SERVERS, word(len(known)) + b"".join(each))


def says(*messages: bytes) -> Answer:
    """An answer of these bytes."""
    return lambda peer, asked: peer.send(b"".join(messages))


def says_and_hangs_up(*messages: bytes) -> Answer:
    """An answer of these bytes and the end of the connection."""

    def answer(peer: Peer, asked: Asked) -> None:
        peer.send(b"".join(messages))
        peer.hang_up()

    return answer
