# SPDX-License-Identifier: Apache-2.0
"""Raft's snapshots: the databases as of one entry of the log, and beside each a .meta file with the members then."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from dqlitepy._disk import lz4
from dqlitepy._disk.checksum import raft_crc32
from dqlitepy._disk.configuration import MOST_BYTES, Member, decode_members
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.sqlite_header import MAGIC

_NAME = re.compile(r"snapshot-(\d{1,20})-(\d{1,20})-(\d{1,20})(\.meta)?")
_FORMAT = 1
_META = struct.Struct("<4Q")  # format, checksum, index of the configuration, its size
LONGEST_NAME = 4096
_CHUNK = 1 << 20
_WAL_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True)
class Database:
    """A database in a snapshot, and its size in bytes."""

    name: str
    size: int


@dataclass
class Snapshot:
    """A snapshot of the databases as of the entry `index`. `size` is that of the file in bytes."""

    file: str
    term: int
    index: int
    timestamp: int
    size: int
    compressed: bool = False
    configuration_index: int | None = None
    members: tuple[Member, ...] = ()
    databases: tuple[Database, ...] = ()
    verified: bool = False  # every checksum is right


@dataclass(frozen=True)
class Name:
    """What the name of a snapshot's file says."""

    term: int
    index: int
    timestamp: int
    meta: bool


def parse_name(file: str) -> Name | None:
    """Returns what the name of a file says, None where it is not a snapshot's."""
    match = _NAME.fullmatch(file)
    return Name(int(match[1]), int(match[2]), int(match[3]), match[4] is not None) if match else None


def read_meta(snapshot: Snapshot, data: bytes) -> None:
    """Takes the members out of the content of a .meta file.

    Raises:
        Damaged: it is not what was written.
    """
    if len(data) < _META.size:
        raise Damaged("it is cut short")
    form, checksum, index, size = _META.unpack_from(data)
    if form != _FORMAT:
        raise Damaged(f"its format is {form} instead of {_FORMAT}")
    if not 0 < size <= MOST_BYTES:
        raise Damaged(f"it says that its list of members has {size} bytes")
    members = data[_META.size : _META.size + size]
    if len(members) < size:
        raise Damaged("it is cut short")
    if raft_crc32(members, raft_crc32(data[16 : _META.size])) != checksum & 0xFFFFFFFF:
        raise Damaged("it does not match its checksum")
    snapshot.members = decode_members(members)
    if not snapshot.members or not 0 < index <= snapshot.index:
        raise Damaged(f"it has {len(snapshot.members)} members, as of entry {index}")
    snapshot.configuration_index = index


def read_content(
    snapshot: Snapshot,
    file: BinaryIO,
    progress: Callable[[int], None],
    keep: Callable[[str], AbstractContextManager[BinaryIO]] | None = None,
) -> None:
    """Reads a whole snapshot and takes the list of its databases out; `progress` is told each size that was read.

    Args:
        snapshot: what is known of it; the rest is filled in.
        file: its content.
        progress: is called with how much more was read.
        keep: returns, for the name of each database, the file to write it to.

    Raises:
        Damaged: it is not what was written. What was kept until then may be wrong.
    """
    snapshot.compressed = is_compressed(file)
    blocks = lz4.decompress(file) if snapshot.compressed else iter(lambda: file.read(_CHUNK), b"")
    content = Stream(_watched(blocks, file, progress))
    if content.number() != _FORMAT:
        raise Damaged("the format of its content is unknown")
    databases = []
    for _ in range(content.number()):
        name = content.text()
        size, wal_size = content.number(), content.number()
        header = content.read(min(size, 100))
        _check_header(name, header, size)
        if keep is None:
            content.skip(max(size - 100, 0) + wal_size)
        else:
            with keep(name) as output:
                output.write(header)
                content.copy(size - len(header), output)
                apply_wal(content, wal_size, output)
        databases.append(Database(name, size))
    if content.at_end():  # which is also when the checksum of the whole has been compared
        snapshot.databases = tuple(databases)
        snapshot.verified = True
    else:
        raise Damaged("there are bytes behind its last database")


def is_compressed(file: BinaryIO) -> bool:
    """Whether a snapshot is an LZ4 frame, or a damaged one."""
    start = file.read(len(lz4.MAGIC))
    file.seek(0)
    return start == lz4.MAGIC or not start.startswith(_FORMAT.to_bytes(4, "little"))


def _watched(blocks: Iterator[bytes], file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    before = 0
    for block in blocks:
        yield block
        progress(file.tell() - before)
        before = file.tell()


def _check_header(name: str, header: bytes, size: int) -> None:
    if size == 0:
        return
    if len(header) < 100 or not header.startswith(MAGIC):
        raise Damaged(f"its database {name!r} does not begin as one of SQLite")
    page_size = int.from_bytes(header[16:18], "big")
    if page_size == 1:
        page_size = 65536
    if page_size == 0 or size % page_size:
        raise Damaged(f"its database {name!r} has {size} bytes, which are not whole pages")


def apply_wal(content: Stream, size: int, output: BinaryIO) -> None:
    """Writes the pages of a WAL, which snapshots had before dqlite 1.17, over the older ones.

    Raises:
        Damaged: it is not a WAL, or cut short.
    """
    if size <= _WAL_HEADER:
        content.skip(size)
        return
    page_size = int.from_bytes(content.read(_WAL_HEADER)[8:12], "big")
    if not page_size or (size - _WAL_HEADER) % (_FRAME_HEADER + page_size):
        raise Damaged("the WAL of a database is damaged")
    pages = 0
    for _ in range((size - _WAL_HEADER) // (_FRAME_HEADER + page_size)):
        header = content.read(_FRAME_HEADER)
        number, pages = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
        output.seek((number - 1) * page_size if number else 0)
        output.write(content.read(page_size))
    if pages:
        output.truncate(pages * page_size)


class Stream:
    """The content of a snapshot as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        """Takes what the stream is made of."""
        self._blocks = blocks
        self._buffer = b""

    def read(self, size: int) -> bytes:
        """Returns the next bytes."""
        parts, missing = [], size
        while missing:
            if not self._buffer and not self._fill():
                raise Damaged("it ends before its last database")
            part = self._buffer[:missing]
            self._buffer = self._buffer[len(part) :]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Passes over the next bytes."""
        while size > len(self._buffer):
            size -= len(self._buffer)
            if not self._fill():
                raise Damaged("it ends before its last database")
        self._buffer = self._buffer[size:]

    def copy(self, size: int, output: BinaryIO) -> None:
        """Writes the next bytes to a file."""
        while size:
            part = self.read(min(size, _CHUNK))
            output.write(part)
            size -= len(part)

    def number(self) -> int:
        """Returns the next number."""
        return int.from_bytes(self.read(8), "little")

    def text(self) -> str:
        """Returns the next text."""
        text = b""
        while b"\0" not in text:
            if len(text) > LONGEST_NAME:
                raise Damaged("the name of a database is damaged")
            text += self.read(8)
        return text.partition(b"\0")[0].decode(errors="backslashreplace")

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return not self._buffer and not self._fill()

    def _fill(self) -> bool:
        self._buffer = next(self._blocks, b"")
        return bool(self._buffer)
