# SPDX-License-Identifier: Apache-2.0
"""A client of dqlite's protocol that hides nothing: it sends and reads frame by frame, so a test can stop half way."""

from __future__ import annotations

import enum
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from tests.protocol import DONE, HEADER, MORE, WORD, Request, Response, Type, frame, text, word

# The bound of every wait: reached only where the server hangs.
HANG_SECONDS = 60.0

_PROTOCOL_VERSION = 1


class Open(enum.IntFlag):
    """What a client asks for when it opens a database; a server that knows of it says so."""

    NOTHING = 0
    POSITIONS = 1
    LOCAL = 2


Value = tuple[Type, int | float | bytes | None]


class Failure(Exception):
    """The server's FAILURE response."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Page:
    """One ROWS response."""

    columns: list[str]
    rows: list[tuple[Value, ...]]
    is_last: bool
    size: int  # of its body, in bytes


class Client:
    """One connection to a server, with a database open."""

    def __init__(
        self,
        address: str,
        *,
        database: str | None = "main",
        flags: Open = Open.NOTHING,
        max_staleness_ms: int = 0,
        receive_buffer: int | None = None,
    ) -> None:
        """Connects.

        Args:
            address: host:port.
            database: which one to open; with None nothing is sent at all.
            flags: what else is asked for.
            max_staleness_ms: how old a local read may be; 0 for as old as it likes.
            receive_buffer: bytes that the kernel keeps for a reader that does not read.
        """
        host, port = address.rsplit(":", 1)
        self.granted = Open.NOTHING
        self.position = 0  # the last entry that was applied when the last response was made
        self.socket = socket.socket()
        self.socket.settimeout(HANG_SECONDS)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect((host, int(port)))
            if database is None:
                return
            self.socket.sendall(WORD.pack(_PROTOCOL_VERSION))
            self.open(database, flags, max_staleness_ms)
        except BaseException:
            self.socket.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket, whatever is still on its way."""
        self.socket.close()

    def open(self, database: str, flags: Open = Open.NOTHING, max_staleness_ms: int = 0) -> None:
        """Opens a database."""
        self.send(Request.OPEN, text(database.encode()) + WORD.pack(max_staleness_ms << 32 | flags) + text(b""))
        body = self.expect(Response.DATABASE)
        self.granted = Open(struct.unpack_from("<I", body, 4)[0])
        self._without_position(body)

    def _without_position(self, body: bytes) -> bytes:
        """Takes the position off a response, if there is one."""
        if not self.granted & Open.POSITIONS:
            return body
        (self.position,) = WORD.unpack_from(body, len(body) - 8)
        return body[:-8]

    def wait_applied(self, index: int, timeout_ms: int) -> None:
        """Returns when the node has applied an entry."""
        self.send(Request.AWAIT, struct.pack("<QQ", index, timeout_ms))
        self.expect(Response.EMPTY)

    def send(self, request: Request, body: bytes, *, schema: int = 0) -> None:
        """Sends one request."""
        self.socket.sendall(frame(request, body, schema))

    def receive(self) -> tuple[Response, bytes]:
        """Reads one response.

        Raises:
            ConnectionError: the server closed the connection.
        """
        words, kind, _, _ = HEADER.unpack(self._read(HEADER.size))
        return Response(kind), self._read(words * 8)

    def expect(self, expected: Response) -> bytes:
        """Reads one response of the type `expected` and returns its body.

        Raises:
            Failure: the server answered with an error.
        """
        kind, body = self.receive()
        if kind == Response.FAILURE:
            raise failure_of(body)
        assert kind == expected, f"{kind!r} where {expected!r} has to come"
        return body

    def execute(self, sql: str) -> int:
        """Runs statements by EXEC_SQL and returns how many rows the last one changed."""
        self.begin_execute(sql)
        changes: int = WORD.unpack_from(self._without_position(self.expect(Response.RESULT)), 8)[0]
        return changes

    def begin_execute(self, sql: str) -> None:
        """Sends an EXEC_SQL, whose answer is RESULT."""
        self.send(Request.EXEC_SQL, _statement(sql))

    def begin_query(self, sql: str, *parameters: int) -> None:
        """Sends a QUERY_SQL; `page` reads what comes back."""
        self.send(Request.QUERY_SQL, _statement(sql) + _tuple(parameters))

    def prepare(self, sql: str) -> int:
        """Prepares one statement and returns its number."""
        self.send(Request.PREPARE, _statement(sql))
        number: int = struct.unpack_from("<I", self.expect(Response.STATEMENT), 4)[0]
        return number

    def begin_prepared_query(self, number: int) -> None:
        """Sends a QUERY of a prepared statement; `page` reads what comes back."""
        self.send(Request.QUERY, struct.pack("<II", 0, number))

    def page(self) -> Page:
        """Reads one ROWS response."""
        return _page(self._without_position(self.expect(Response.ROWS)))

    def query(self, sql: str, *parameters: int) -> list[tuple[Value, ...]]:
        """Runs one statement by QUERY_SQL and returns all of its rows."""
        self.begin_query(sql, *parameters)
        rows: list[tuple[Value, ...]] = []
        while True:
            page = self.page()
            rows += page.rows
            if page.is_last:
                return rows

    def scalar(self, sql: str) -> int | float | bytes | None:
        """Runs one statement by QUERY_SQL and returns the one value of its one row."""
        ((value,),) = self.query(sql)
        return value[1]

    def wal_frames(self) -> int:
        """Returns how many frames the WAL has."""
        return int(self.scalar("PRAGMA wal_frames") or 0)

    def dump(self, database: str = "main") -> bytes:
        """Returns a database as a file of SQLite's, by DUMP."""
        self.send(Request.DUMP, text(database.encode()))
        body = self.expect(Response.FILES)
        _, offset = _read_text(body, 8)
        (size,) = WORD.unpack_from(body, offset)
        return body[offset + 8 : offset + 8 + size]

    def interrupt(self) -> None:
        """Sends an INTERRUPT; an EMPTY response ends whatever comes before it."""
        self.send(Request.INTERRUPT, word(0))

    def drain(self) -> list[Response]:
        """Reads up to the EMPTY that answers an INTERRUPT and returns the types of all responses."""
        kinds: list[Response] = []
        while not kinds or kinds[-1] != Response.EMPTY:
            kinds.append(self.receive()[0])
        return kinds

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                raise ConnectionError("the server closed the connection")
            data += chunk
        return bytes(data)


def leader_request() -> bytes:
    """Returns the bytes of a LEADER request, which the server answers without touching a database."""
    return frame(Request.LEADER, word(0))


def failure_of(body: bytes) -> Failure:
    """Returns what a FAILURE response says.

    Raises:
        ValueError: something else follows, or precedes, the code and the message.
    """
    (code,) = WORD.unpack_from(body)
    message = body[8:].split(b"\0", 1)[0]
    if body[8:] != text(message):
        raise ValueError(f"not a failure: {body!r}")
    return Failure(code, message.decode())


def _statement(sql: str) -> bytes:
    return word(0) + text(sql.encode())


def _tuple(parameters: Sequence[int]) -> bytes:
    if not parameters:
        return b""
    types = bytes([len(parameters), *[Type.INTEGER] * len(parameters)])
    return types + b"\0" * (-len(types) % 8) + struct.pack(f"<{len(parameters)}q", *parameters)


def _page(body: bytes) -> Page:
    (n,) = WORD.unpack_from(body)
    offset = 8
    columns = []
    for _ in range(n):
        name, offset = _read_text(body, offset)
        columns.append(name.decode())
    rows: list[tuple[Value, ...]] = []
    while body[offset : offset + 8] not in (DONE, MORE):
        nibbles = [code for byte in body[offset : offset + (n + 1) // 2] for code in (byte & 15, byte >> 4)]
        offset += (n + 15) // 16 * 8
        row: list[Value] = []
        for code in nibbles[:n]:
            value, offset = _read_value(Type(code), body, offset)
            row.append((Type(code), value))
        rows.append(tuple(row))
    assert offset + 8 == len(body), "bytes follow the end of the rows"
    return Page(columns, rows, is_last=body[offset:] == DONE, size=len(body))


def _read_value(kind: Type, body: bytes, offset: int) -> tuple[int | float | bytes | None, int]:
    if kind in (Type.TEXT, Type.ISO8601):
        return _read_text(body, offset)
    if kind == Type.BLOB:
        (size,) = WORD.unpack_from(body, offset)
        start = offset + 8
        return body[start : start + size], start + (size + 7) // 8 * 8
    value = body[offset : offset + 8]
    if kind == Type.NULL:
        return None, offset + 8
    return struct.unpack("<d" if kind == Type.FLOAT else "<q", value)[0], offset + 8


def _read_text(body: bytes, offset: int) -> tuple[bytes, int]:
    end = body.index(b"\0", offset)
    return body[offset:end], offset + (end - offset) // 8 * 8 + 8
