# SPDX-License-Identifier: Apache-2.0
"""A file that is read in pieces, since a damaged one may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from dqlitepy._disk.checksum import raft_crc32
from dqlitepy._disk.damage import Damaged

_PIECE = 1 << 20
_ZEROS = bytes(_PIECE)


class Content:
    """What is in a file, up to the size that it had when it was opened."""

    def __init__(self, path: Path, progress: Callable[[int], None] = lambda _: None) -> None:
        """Opens the file.

        Args:
            path: of the file.
            progress: is told how many more bytes have been read; those that are read again do not count.

        Raises:
            OSError: it cannot be opened.
        """
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._descriptor).st_size
        self._progress = progress
        self._told = 0

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        os.close(self._descriptor)

    def read(self, offset: int, size: int) -> bytes:
        """Returns bytes of the file; fewer at its end, also where a node has cut it meanwhile."""
        data = os.pread(self._descriptor, size, offset)
        while len(data) < size and (more := os.pread(self._descriptor, size - len(data), offset + len(data))):
            data += more
        reached = min(offset + len(data), self.size)
        if reached > self._told:
            self._progress(reached - self._told)
            self._told = reached
        return data

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yields what lies between two offsets, a megabyte at a time."""
        while start < end and (piece := self.read(start, min(_PIECE, end - start))):
            yield piece
            start += len(piece)

    def is_zero(self, start: int) -> bool:
        """Whether there are nothing but zeros from an offset on."""
        return all(piece == _ZEROS[: len(piece)] for piece in self.pieces(start, self.size))

    def checksum(self, start: int, end: int) -> int:
        """Returns raft's CRC-32 of what lies between two offsets."""
        register = 0
        for piece in self.pieces(start, end):
            register = raft_crc32(piece, register)
        return register


def read_small(path: Path, most: int) -> bytes:
    """Returns the content of a file that cannot be large.

    Raises:
        Damaged: it is larger than `most` bytes.
        OSError: it cannot be read.
    """
    with Content(path) as content:
        if content.size > most:
            raise Damaged(f"it has {content.size} bytes, where {most} are the most that a node writes")
        return content.read(0, most)
