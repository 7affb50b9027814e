# SPDX-License-Identifier: Apache-2.0
"""Reads what is left of a damaged snapshot: what decodes is taken as it is, and what does not becomes zeros."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from dqlitepy._disk import lz4, snapshots
from dqlitepy._disk.checksum import XxHash32
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.sqlite_header import MAGIC

_AS_WRITTEN = (True, False, None, True, 65536)  # what a node says in the header of a frame, but for the size
_HEADER_BYTES = 15
_DEFAULT_PAGE = 4096
_LARGEST_DATABASE = 1 << 47
_MOST_TOLD = 5
_MOST_EMPTY_BLOCKS = 64  # in a row: after that they are not taken for blocks
_CHUNK = 1 << 20


@dataclass
class _Decoded:
    """What is known of the content of a snapshot, once it is in a file."""

    gaps: list[tuple[int, int]] = field(default_factory=list)  # the offsets between which there are only zeros
    damage: list[str] = field(default_factory=list)
    cut: bool = False


def read_damaged(
    file: BinaryIO,
    progress: Callable[[int], None],
    keep: Callable[[str], AbstractContextManager[BinaryIO]],
) -> list[str]:
    """Reads the databases of a snapshot as far as they can be read, and returns what is damaged, and where.

    Args:
        file: the snapshot.
        progress: is called with how much more was read.
        keep: returns, for the name of each database, the file to write it to.
    """
    if not snapshots.is_compressed(file):
        decoded = _Decoded()
        _read_databases(file, decoded, keep)
        return _shortened(decoded.damage)
    with tempfile.TemporaryFile(prefix="dqlitepy-") as content:
        decoded = _Frame(file, content, progress).read()
        _read_databases(content, decoded, keep)
    return _shortened(decoded.damage)


def _shortened(damage: list[str]) -> list[str]:
    more = len(damage) - _MOST_TOLD
    return damage if more <= 1 else [*damage[:_MOST_TOLD], f"and {more} more places"]


class _Frame:
    """An LZ4 frame on its way into a file."""

    def __init__(self, file: BinaryIO, output: BinaryIO, progress: Callable[[int], None]) -> None:
        self._file = file
        self._end = os.fstat(file.fileno()).st_size
        self._output = output
        self._progress = progress
        self._found = _Decoded()
        self._window = b""
        self._total = 0

    def read(self) -> _Decoded:
        found = self._found
        try:
            form = lz4.read_header(self._file)
        except Damaged as damage:
            found.damage.append(str(damage))
            self._file.seek(_HEADER_BYTES)
            form = _AS_WRITTEN
        self._linked, self._block_checksums, size, content_checksum, self._block_size = form
        content = XxHash32()
        number = empty = 0
        while empty < _MOST_EMPTY_BLOCKS and (size is None or self._total < size):
            start = self._file.tell()
            length = self._file.read(4)
            if len(length) < 4 or not any(length):
                found.cut = size is not None or len(length) < 4
                break
            number += 1
            expected = self._block_size if size is None else min(self._block_size, size - self._total)
            block = self._block(number, start, int.from_bytes(length, "little"), expected, exact=size is not None)
            empty = 0 if any(block) else empty + 1
            if not found.damage:
                content.update(block)
            self._progress(self._file.tell() - start)
        self._output.truncate(self._total)
        if found.cut or empty >= _MOST_EMPTY_BLOCKS:
            found.cut = True
            whole = "" if size is None else f" of {size}"
            found.damage.append(f"it ends at byte {self._end}, after {self._total}{whole} bytes of its content")
        elif not found.damage and content_checksum:
            self._file.seek(0 if size is None else 4, os.SEEK_CUR)  # behind the mark of the end
            checksum = self._file.read(4)
            if len(checksum) < 4:
                found.damage.append(f"it ends at byte {self._end}, before the checksum of its content")
            elif int.from_bytes(checksum, "little") != content.digest():
                found.damage.append(
                    f"its content of {self._total} bytes does not match its checksum, and all of it decodes, "
                    "so that nobody can tell where it is wrong"
                )
        return found

    def _block(self, number: int, start: int, length: int, expected: int, *, exact: bool) -> bytes:
        """Writes what a block decodes to, and leaves the file at the next one."""
        size = length & ~lz4.STORED
        trailer = 4 if self._block_checksums else 0
        data = self._file.read(min(size, lz4.BLOCK_SIZES[7]))
        checksum = self._file.read(trailer)
        block, gaps, used = self._decoded(data, bool(length & lz4.STORED), expected)
        after = start + 4 + size + trailer
        wrong = ""
        if used is None or used < size or gaps or (exact and len(block) < expected):
            wrong = f"decodes only to {len(block)} of {expected} bytes"
            if len(block) == expected:
                wrong = "does not end where it should"
            if used is not None and gaps:
                wrong = "refers to what is not there"
            if not self._is_block(after):  # so that its size may be what is wrong
                self._file.seek(start + 4)
                data = self._file.read(expected + expected // 255 + 16)
                other, other_gaps, other_used = self._decoded(data, False, expected)
                if other_used is not None and not other_gaps and self._is_block(start + 4 + other_used + trailer):
                    block, gaps, after = other, [], start + 4 + other_used + trailer
                    wrong = f"says that it has {size} bytes instead of {other_used}"
        elif trailer and int.from_bytes(checksum, "little") != lz4.digest(data):
            wrong = "does not match its checksum"
        self._file.seek(min(after, self._end))
        base = self._total
        self._found.gaps += [(base + first, base + last) for first, last in gaps]
        if len(block) < expected and (exact or wrong):
            self._found.gaps.append((base + len(block), base + expected))
            block += bytes(expected - len(block))
        if wrong:
            whole = f"the bytes {base} to {base + len(block) - 1} of its content"
            self._found.damage.append(f"block {number} at byte {start}, {whole}, {wrong}")
        self._output.seek(base)
        if any(block):
            self._output.write(block)
        self._total += len(block)
        self._window = (self._window + block)[-lz4.WINDOW :] if self._linked else b""
        return block

    def _decoded(self, data: bytes, stored: bool, expected: int) -> tuple[bytes, list[tuple[int, int]], int | None]:
        """Returns what a block decodes to, where zeros are in it, and how much it took; None where it ends too soon."""
        if stored:
            return data[:expected], [], min(len(data), expected)
        output, before = bytearray(self._window), len(self._window)
        gaps: list[tuple[int, int]] = []
        used: int | None = None
        with suppress(Damaged):
            used = lz4.decompress_into(output, data, before + expected, gaps)
        gaps = [(first - before, min(last - before, expected)) for first, last in gaps if first - before < expected]
        return bytes(output[before : before + expected]), gaps, used

    def _is_block(self, start: int) -> bool:
        """Whether another block seems to begin here, or the frame to end."""
        self._file.seek(min(start, self._end))
        length = self._file.read(4)
        size = int.from_bytes(length, "little") & ~lz4.STORED
        return len(length) == 4 and size <= self._block_size and start + 4 + size <= self._end


def _read_databases(
    content: BinaryIO, decoded: _Decoded, keep: Callable[[str], AbstractContextManager[BinaryIO]]
) -> None:
    """Copies each database, in whole pages; what is known of how many there are does not count."""
    end = content.seek(0, os.SEEK_END)
    position = 16
    while position < end:
        content.seek(position)
        name, zero, _ = content.read(snapshots.LONGEST_NAME).partition(b"\0")
        if not zero or not name:
            decoded.damage.append(
                f"what follows byte {position} of its content cannot be read: no database begins there"
            )
            return
        position += (len(name) // 8 + 1) * 8
        content.seek(position)
        numbers = content.read(16)
        size, wal_size = int.from_bytes(numbers[:8], "little"), int.from_bytes(numbers[8:], "little")
        position += 16
        title = name.decode(errors="backslashreplace")
        with keep(title) as output:
            size = _copy_database(content, position, size, title, output, decoded)
            position += size
            if wal_size and position < end:
                content.seek(position)
                try:
                    snapshots.apply_wal(snapshots.Stream(iter(lambda: content.read(_CHUNK), b"")), wal_size, output)
                except (Damaged, OSError) as damage:
                    decoded.damage.append(f"the WAL of its database {title!r}: {damage}")
                position += wal_size if wal_size <= end - position else 0


def _copy_database(content: BinaryIO, start: int, size: int, name: str, output: BinaryIO, decoded: _Decoded) -> int:
    """Copies one database without what is not whole in it, and returns the size that it had."""
    end = content.seek(0, os.SEEK_END)
    content.seek(start)
    header = _mended(content.read(100))
    page_size = int.from_bytes(header[16:18], "big") if header.startswith(MAGIC) else 0
    page_size = 65536 if page_size == 1 else page_size if page_size >= 512 else _DEFAULT_PAGE
    if size % page_size or size > _LARGEST_DATABASE:
        pages = int.from_bytes(header[28:32], "big")
        decoded.damage.append(f"its database {name!r} is said to have {size} bytes, but has {pages} pages")
        size = pages * page_size
    here = min(size, max(end - start, 0)) // page_size * page_size
    if here < size:
        decoded.damage.append(f"its database {name!r} ends after {here} of {size} bytes")
    content.seek(start)
    left = here
    while left and (piece := content.read(min(left, _CHUNK))):
        output.write(piece)
        left -= len(piece)
    if here:
        output.seek(0)
        output.write(header)
    # A page of which some is missing would show rows that never were. The first one has the definitions: it is kept.
    for first, last in decoded.gaps:
        page = max((first - start) // page_size, 1)
        while page * page_size < min(last - start, here):
            output.seek(page * page_size)
            output.write(bytes(page_size))
            page += 1
    return size


def _mended(header: bytes) -> bytes:
    """Puts right what stands at the beginning of every database, if most of it is there."""
    same = sum(one == other for one, other in zip(header, MAGIC, strict=False))
    return MAGIC + header[16:] if same >= len(MAGIC) - 4 else header
