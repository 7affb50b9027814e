# SPDX-License-Identifier: Apache-2.0
"""Raft's log: closed segments, named after the entries in them, and open ones, which are still being written.

A segment is its format (u64) and batches; a batch is the CRC-32 of its header and of its data (u32 each), the header
(u64 count, then for each entry u64 term, u8 kind, 3 bytes unused, u32 size) and the data of its entries.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from dqlitepy._disk.checksum import raft_crc32
from dqlitepy._disk.configuration import Member, decode_members
from dqlitepy._disk.damage import Damaged

_CLOSED = re.compile(r"(\d{16,20})-(\d{16,20})")
_OPEN = re.compile(r"open-(\d{1,20})")

_FORMAT = 1
_PREAMBLE = struct.Struct("<IIQ")  # checksum of the header, of the data, count of entries
_ENTRY = struct.Struct("<QB3xI")
_MOST_ENTRIES = 8 * 1024 * 1024 // 32  # in a batch, as raft has it
_KINDS = {1: "command", 2: "barrier", 3: "configuration"}


@dataclass
class Segment:
    """A segment file. For an open one the indexes come from what precedes it; both are None where it has no entries."""

    file: str
    open: bool
    size: int
    first_index: int | None = None
    last_index: int | None = None
    last_term: int | None = None
    entries: int = 0
    batches: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    verified: bool = False  # every checksum is right


@dataclass(frozen=True)
class Configuration:
    """The members of the cluster as of one entry of the log, or of a snapshot."""

    index: int
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Name:
    """What the name of a segment says."""

    open: bool
    first: int  # index, or the counter of an open one
    last: int


def parse_name(file: str) -> Name | None:
    """Returns what the name of a file says, None where it is not a segment's."""
    if match := _CLOSED.fullmatch(file):
        return Name(False, int(match[1]), int(match[2]))
    if match := _OPEN.fullmatch(file):
        return Name(True, int(match[1]), 0)
    return None


class GoodEntriesFollow(Damaged):
    """An entry is bad in the midst of an open segment, so that it was no crash that cut the last write short."""


class Reader:
    """Reads the batches of one segment."""

    def __init__(self, segment: Segment, content: bytes, next_index: int) -> None:
        self.segment = segment
        self.configurations: list[Configuration] = []
        self.on_command: Callable[[int, bytes], None] | None = None  # is called with each and its index
        self._content = content
        self._next_index = next_index
        self._offset = 8

    def read_closed(self) -> None:
        """Reads a segment that must be full of good batches.

        Raises:
            Damaged: it is not.
        """
        self._check_format()
        if len(self._content) == 8:
            raise Damaged("it has no entries")
        while self._offset < len(self._content):
            self._read_batch()
        self.segment.verified = True

    def read_open(self) -> str:
        """Reads the batches up to where a crash, or a write that is still under way, left off.

        Returns:
            A note on what raft will drop at the next start, "" where nothing is amiss.

        Raises:
            Damaged: entries that were written whole cannot be read.
        """
        if not self._content.strip(b"\0"):  # made, never written
            self.segment.verified = True
            return ""
        self._check_format()
        while self._offset < len(self._content):
            if not any(self._content[self._offset : self._offset + _PREAMBLE.size]):
                rest = memoryview(self._content)[self._offset :].tobytes()
                if not rest.strip(b"\0"):
                    break
            try:
                self._read_batch()
            except Damaged as damage:
                if self._batch_follows():
                    raise GoodEntriesFollow(
                        f"{damage}, and good entries follow, which dqlite would drop without a word"
                    ) from None
                return f"its last write was cut short by a crash ({damage}); a node drops it at its next start"
        self.segment.verified = True
        return ""

    def _check_format(self) -> None:
        if len(self._content) < 8:
            raise Damaged(f"it has only {len(self._content)} bytes")
        form = int.from_bytes(self._content[:8], "little")
        if form != _FORMAT:
            raise Damaged(f"its format is {form} instead of {_FORMAT}")

    def _read_batch(self) -> None:
        where = f"batch {self.segment.batches + 1} at byte {self._offset}"
        header, data_crc, data_offset = self._header(self._offset, where)
        entries = list(_ENTRY.iter_unpack(header[8:]))
        end = data_offset + sum(size for _, _, size in entries)
        if end > len(self._content):
            raise Damaged(f"{where} is cut short")
        if raft_crc32(self._content[data_offset:end]) != data_crc:
            raise Damaged(f"the data of {where} does not match its checksum")
        self._take(entries, data_offset, where)
        self._offset = end

    def _header(self, offset: int, where: str) -> tuple[bytes, int, int]:
        if offset + _PREAMBLE.size > len(self._content):
            raise Damaged(f"{where} is cut short")
        header_crc, data_crc, count = _PREAMBLE.unpack_from(self._content, offset)
        if not 0 < count <= _MOST_ENTRIES:
            raise Damaged(f"{where} says that it has {count} entries")
        end = offset + _PREAMBLE.size + count * _ENTRY.size
        if end > len(self._content):
            raise Damaged(f"{where} is cut short")
        header = self._content[offset + 8 : end]
        if raft_crc32(header) != header_crc:
            raise Damaged(f"the header of {where} does not match its checksum")
        return header, data_crc, end

    def _take(self, entries: list[tuple[int, int, int]], offset: int, where: str) -> None:
        segment = self.segment
        for term, code, size in entries:
            if code not in _KINDS:
                raise Damaged(f"{where} has an entry of the unknown kind {code}")
            kind = _KINDS[code]
            if kind == "configuration":
                members = decode_members(self._content[offset : offset + size])
                self.configurations.append(Configuration(self._next_index, members))
            elif kind == "command" and self.on_command is not None:
                self.on_command(self._next_index, self._content[offset : offset + size])
            segment.kinds[kind] = segment.kinds.get(kind, 0) + 1
            segment.last_term = term
            segment.last_index = self._next_index
            if segment.first_index is None:
                segment.first_index = self._next_index
            self._next_index += 1
            offset += size
        segment.entries += len(entries)
        segment.batches += 1

    def _batch_follows(self) -> bool:
        """Whether a whole batch stands somewhere behind the bad one: then no crash cut that one short."""
        content = self._content
        for offset in range(self._offset + 8, len(content) - _PREAMBLE.size, 8):
            count = int.from_bytes(content[offset + 8 : offset + 16], "little")
            if 0 < count <= _MOST_ENTRIES:
                try:
                    header, data_crc, start = self._header(offset, "")
                except Damaged:
                    continue
                end = start + sum(size for _, _, size in _ENTRY.iter_unpack(header[8:]))
                if end <= len(content) and raft_crc32(content[start:end]) == data_crc:
                    return True
        return False
