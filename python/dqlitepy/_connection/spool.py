# SPDX-License-Identifier: Apache-2.0
"""Where the rest of a result waits while other statements run: in memory, and beyond a bound in an unlinked file."""

from __future__ import annotations

from collections import deque
from typing import IO

# What one result may keep in memory, in bytes as they crossed; the objects made of them later are several times that.
MEMORY_BYTES = 16 * 2**20


class Spool:
    """Blocks of bytes, given out in the order in which they came."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self._in_memory = 0  # bytes
        self._file: IO[bytes] | None = None
        self._sizes: deque[int] = deque()  # of the blocks in the file
        self._read_at = 0
        self._write_at = 0

    def __bool__(self) -> bool:
        return bool(self._blocks or self._sizes)

    def append(self, block: bytes) -> None:
        """Adds a block.

        Raises:
            OSError: the temporary file cannot be made or written.
        """
        # Once there are blocks in the file, later ones go there too, which keeps their order.
        if not self._sizes and self._in_memory + len(block) <= MEMORY_BYTES:
            self._blocks.append(block)
            self._in_memory += len(block)
            return
        if self._file is None:
            import tempfile

            self._file = tempfile.TemporaryFile(prefix="dqlitepy-", buffering=0)  # noqa: SIM115  # closed with the spool
        self._file.seek(self._write_at)
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]
        self._write_at += len(block)
        self._sizes.append(len(block))

    def pop(self) -> bytes:
        """Returns the oldest block.

        Raises:
            OSError: the temporary file cannot be read.
        """
        if self._blocks:
            block = self._blocks.popleft()
            self._in_memory -= len(block)
            return block
        assert self._file is not None
        size = self._sizes.popleft()
        self._file.seek(self._read_at)
        self._read_at += size
        block = b""
        while len(block) < size:
            part = self._file.read(size - len(block))
            if not part:
                raise OSError("the temporary file is shorter than what was written to it")
            block += part
        if not self._sizes:
            self.close()
        return block

    def close(self) -> None:
        """Drops what has not been given out."""
        file, self._file = self._file, None
        self._blocks.clear()
        self._sizes.clear()
        self._in_memory = self._read_at = self._write_at = 0
        if file is not None:
            file.close()

    def __del__(self) -> None:
        self.close()
