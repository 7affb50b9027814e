# SPDX-License-Identifier: Apache-2.0
"""Raft's snapshots: the databases as of one entry of the log, and beside each a .meta file with the members then."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dqlitepy._disk import lz4
from dqlitepy._disk.checksum import raft_crc32
from dqlitepy._disk.configuration import Member, decode_members
from dqlitepy._disk.damage import Damaged

_NAME = re.compile(r"snapshot-(\d{1,20})-(\d{1,20})-(\d{1,20})(\.meta)?")
_FORMAT = 1
_META = struct.Struct("<4Q")  # format, checksum, index of the configuration, its size
_MOST_MEMBERS_BYTES = 1024 * 1024
_LONGEST_NAME = 4096
_SQLITE = b"SQLite format 3\0"
_CHUNK = 1 << 20


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
    if not 0 < size <= _MOST_MEMBERS_BYTES:
        raise Damaged(f"it says that its list of members has {size} bytes")
    members = data[_META.size : _META.size + size]
    if len(members) < size:
        raise Damaged("it is cut short")
    if raft_crc32(members, raft_crc32(data[16 : _META.size])) != checksum & 0xFFFFFFFF:
        raise Damaged("it does not match its checksum")
    snapshot.members = decode_members(members)
    snapshot.configuration_index = index


def read_content(snapshot: Snapshot, file: BinaryIO, progress: Callable[[int], None]) -> None:
    """Reads a whole snapshot and takes the list of its databases out; `progress` is told each size that was read.

    Raises:
        Damaged: it is not what was written.
    """
    start = file.read(len(lz4.MAGIC))
    file.seek(0)
    snapshot.compressed = start == lz4.MAGIC or not start.startswith(_FORMAT.to_bytes(4, "little"))
    blocks = lz4.decompress(file) if snapshot.compressed else iter(lambda: file.read(_CHUNK), b"")
    content = _Content(_watched(blocks, file, progress))
    if content.number() != _FORMAT:
        raise Damaged("the format of its content is unknown")
    databases = []
    for _ in range(content.number()):
        name = content.text()
        size, wal_size = content.number(), content.number()
        _check_header(name, content.read(min(size, 100)), size)
        content.skip(max(size - 100, 0) + wal_size)
        databases.append(Database(name, size))
    if content.at_end():  # which is also when the checksum of the whole has been compared
        snapshot.databases = tuple(databases)
        snapshot.verified = True
    else:
        raise Damaged("there are bytes behind its last database")


def _watched(blocks: Iterator[bytes], file: BinaryIO, progress: Callable[[int], None]) -> Iterator[bytes]:
    before = 0
    for block in blocks:
        yield block
        progress(file.tell() - before)
        before = file.tell()


def _check_header(name: str, header: bytes, size: int) -> None:
    if size == 0:
        return
    if len(header) < 100 or not header.startswith(_SQLITE):
        raise Damaged(f"its database {name!r} does not begin as one of SQLite")
    page_size = int.from_bytes(header[16:18], "big")
    if page_size == 1:
        page_size = 65536
    if page_size == 0 or size % page_size:
        raise Damaged(f"its database {name!r} has {size} bytes, which are not whole pages")


class _Content:
    """The content of a snapshot as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._buffer = b""

    def read(self, size: int) -> bytes:
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
        while size > len(self._buffer):
            size -= len(self._buffer)
            if not self._fill():
                raise Damaged("it ends before its last database")
        self._buffer = self._buffer[size:]

    def number(self) -> int:
        return int.from_bytes(self.read(8), "little")

    def text(self) -> str:
        text = b""
        while b"\0" not in text:
            if len(text) > _LONGEST_NAME:
                raise Damaged("the name of a database is damaged")
            text += self.read(8)
        return text.partition(b"\0")[0].decode(errors="backslashreplace")

    def at_end(self) -> bool:
        return not self._buffer and not self._fill()

    def _fill(self) -> bool:
        self._buffer = next(self._blocks, b"")
        return bool(self._buffer)
