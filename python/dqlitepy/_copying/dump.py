# SPDX-License-Identifier: Apache-2.0
"""`Dump`: a physical copy of a database, as a server sends it, in pieces of at most a megabyte."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from dqlitepy._disk.sqlite_header import WITHOUT_WAL, WRITE_VERSION
from dqlitepy._native.abi import BlockSize, ConnectOptions, DumpFlag, ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import library
from dqlitepy._native.operations import OpenDump, ReadDump
from dqlitepy._native.waiting import complete

PAGE_SIZE = 4096  # the only one that dqlite has


class Dump:
    """What was committed when the server made the copy. A connection of its own brings it; a `with` block ends that."""

    def __init__(self, options: ConnectOptions, *, any_server: bool = False) -> None:
        """Asks for the copy and waits until it begins to come in.

        Args:
            options: which database, and which servers have it.
            any_server: whether the first server that answers will do: needs no leader, and may lack the last commits.

        Raises:
            NoLeaderError: there is no leader, or no server answers.
            NotSupportedError: the database is too large for dqlite's protocol.
            OperationalError: no such database, or the connection failed.
        """
        self._handle = Handle.open(opening_of(options, any_server=any_server))
        size, error = BlockSize(), ErrorStruct()
        if library().dqlitepy_dump_size(self._handle.number, size, error) != Status.OK:
            self._handle.release()
            raise exception_of(error)
        self.size = size.value

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Frees the copy, also in the server."""
        self._handle.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yields the pieces of a file that SQLite opens, without a WAL; the copy is whole when this ends by itself.

        Raises:
            OperationalError: the rest of the copy is lost.
        """
        piece = self._read()
        if piece:
            piece = without_wal(piece)
        while piece:
            yield piece
            piece = self._read()

    def _read(self) -> bytes:
        reading = ReadDump(self._handle.number)
        complete(reading)
        return reading.take()


def dump(options: ConnectOptions, *, any_server: bool) -> bytes:
    """Returns a whole copy; see `Dump`."""
    with Dump(options, any_server=any_server) as pieces:
        return b"".join(pieces)


def opening_of(options: ConnectOptions, *, any_server: bool) -> OpenDump:
    """Returns what asks for a copy, with the arguments of `Dump`."""
    return OpenDump(options, int(DumpFlag.ANY_SERVER) if any_server else 0)


def without_wal(piece: bytes) -> bytes:
    """Returns the first piece of a copy as SQLite opens it."""
    return piece[:WRITE_VERSION] + WITHOUT_WAL + piece[WRITE_VERSION + len(WITHOUT_WAL) :]
