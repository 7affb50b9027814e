# SPDX-License-Identifier: Apache-2.0
"""A peer that is played: it speaks raft's messages to a node, true ones and such as no server sends."""

from __future__ import annotations

import enum
import queue
import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from tests import protocol
from tests.patches.wire import HANG_SECONDS
from tests.protocol import padded, text

_SPARE, _VOTER = 2, 1
PAGE = 4096


class Message(enum.IntEnum):
    """Type codes of messages."""

    APPEND_ENTRIES = 1
    APPEND_ENTRIES_RESULT = 2
    REQUEST_VOTE = 3
    REQUEST_VOTE_RESULT = 4
    INSTALL_SNAPSHOT = 5
    TIMEOUT_NOW = 6


class Kind(enum.IntEnum):
    """Type codes of entries."""

    COMMAND = 1
    BARRIER = 2
    CHANGE = 3


@dataclass(frozen=True)
class Entry:
    """An entry of the log, whatever it says of itself."""

    term: int
    kind: int
    content: bytes
    size: int | None = None  # what is said of its content

    def header(self) -> bytes:
        """Returns what stands in front of the contents of all entries."""
        return struct.pack("<QB3xI", self.term, self.kind, len(self.content) if self.size is None else self.size)


class Peer:
    """A connection to a node, by which a server sends what it has to say."""

    def __init__(self, node: str, *, identity: int, address: str = "127.0.0.1:1") -> None:
        """Connects.

        Args:
            node: the address of the node.
            identity: the id of the server.
            address: where the server takes connections.
        """
        host, port = node.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), HANG_SECONDS)
        hello = protocol.frame(protocol.Request.CONNECT, protocol.word(identity) + text(address.encode()))
        self._socket.sendall(protocol.word(1) + hello)

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Returns the descriptor, as select takes it."""
        return self._socket.fileno()

    def send(self, message: bytes) -> None:
        """Sends a message."""
        self._socket.sendall(message)

    def wait_closed(self) -> None:
        """Returns when the node has closed the connection; it never sends anything by it."""
        with suppress(ConnectionResetError):
            assert self._socket.recv(1) == b""


class Listener:
    """Where the node reaches the server that is played: what it sends there is read and kept."""

    def __init__(self) -> None:
        """Listens on an address of its own."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._messages: queue.Queue[tuple[int, tuple[int, ...]]] = queue.Queue()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def address(self) -> str:
        """The host and the port."""
        return "{}:{}".format(*self._socket.getsockname())

    def messages(self) -> list[tuple[int, tuple[int, ...]]]:
        """Returns the types and the words of those that came since the last call; none of them has a payload."""
        found = []
        while not self._messages.empty():
            found.append(self._messages.get())
        return found

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._socket.accept()[0]
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError, struct.error):
            words = struct.unpack("<8xI4x", stream.read(16))[0]
            stream.read(8 * words)
            while True:
                kind, size = struct.unpack("<QQ", stream.read(16))
                self._messages.put((kind, struct.unpack(f"<{size // 8}Q", stream.read(size))))


def frame(kind: int, *words: int | bytes, payload: bytes = b"", size: int | None = None) -> bytes:
    """Returns a message with a header of words, each a number or bytes, and something behind it."""
    header = b"".join(word if isinstance(word, bytes) else protocol.word(word) for word in words)
    return struct.pack("<QQ", kind, len(header) if size is None else size) + header + payload


def append_entries(
    term: int,
    entries: Sequence[Entry] = (),
    *,
    after: tuple[int, int] = (0, 0),
    commit: int = 0,
    count: int | None = None,
) -> bytes:
    """Returns an AppendEntries.

    Args:
        term: the leader's.
        entries: what is to be appended.
        after: the index and the term of the entry before them.
        commit: up to where the leader has committed.
        count: how many are said to follow.
    """
    return frame(
        Message.APPEND_ENTRIES,
        term,
        *after,
        commit,
        len(entries) if count is None else count,
        *[entry.header() for entry in entries],
        payload=b"".join(entry.content for entry in entries),
    )


def install_snapshot(
    term: int,
    *,
    last: tuple[int, int],
    configuration: bytes,
    configuration_index: int = 1,
    data: bytes,
    size: int | None = None,
) -> bytes:
    """Returns an InstallSnapshot.

    Args:
        term: the leader's.
        last: the index and the term of the last entry that is in it.
        configuration: as `configuration` returns it.
        configuration_index: the entry that it is from.
        data: what is in it.
        size: of the data, as the message says.
    """
    return frame(
        Message.INSTALL_SNAPSHOT,
        term,
        *last,
        configuration_index,
        len(configuration),
        configuration,
        len(data) if size is None else size,
        payload=data,
    )


def configuration(*servers: tuple[int, str], version: int = 1, count: int | None = None) -> bytes:
    """Returns the encoding of a configuration in which each server is a spare one."""
    data = struct.pack("<BQ", version, len(servers) if count is None else count)
    for identity, address in servers:
        data += protocol.word(identity) + address.encode() + b"\0" + bytes([_SPARE])
    return padded(data)


def frames(
    pages: Sequence[tuple[int, bytes]],
    *,
    database: bytes = b"main",
    count: int | None = None,
    page: int = PAGE,
    commit: int = 1,
) -> bytes:
    """Returns a command that writes pages.

    Args:
        pages: their numbers and contents.
        database: the name.
        count: how many are said to follow.
        page: the size that is said to be that of each.
        commit: whether the transaction ends by it.
    """
    header = struct.pack("<BB6x", 1, 2) + text(database)
    header += struct.pack("<QIB3xIHH", 0, 0, commit, len(pages) if count is None else count, page, 0)
    return header + b"".join(protocol.word(number) for number, _ in pages) + b"".join(content for _, content in pages)


def snapshot(*databases: tuple[bytes, bytes], format: int = 1, count: int | None = None) -> bytes:
    """Returns the content of a snapshot with databases of these names and contents."""
    data = struct.pack("<QQ", format, len(databases) if count is None else count)
    for name, content in databases:
        data += text(name) + struct.pack("<QQ", len(content), 0) + content
    return data


def page_one(**fields: int) -> bytes:
    """Returns the first page of a database of one page, some bytes of which are others."""
    page = bytearray(PAGE)
    page[:16] = b"SQLite format 3\0"
    struct.pack_into(">HBBBBBB", page, 16, PAGE, 2, 2, 0, 64, 32, 32)
    struct.pack_into(">III", page, 24, 1, fields.get("size", 1), 0)
    page[100] = 13
    struct.pack_into(">H", page, 105, PAGE)
    if "page_size" in fields:
        struct.pack_into(">H", page, 16, fields["page_size"])
    if "version" in fields:
        page[18] = page[19] = fields["version"]
    return bytes(page)
