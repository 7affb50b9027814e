# SPDX-License-Identifier: Apache-2.0
"""Raft's log: closed segments, named after the entries in them, and open ones, which are still being written.

A segment is its format (u64) and batches; a batch is the CRC-32 of its header and of its data (u32 each), the header
(u64 count, then for each entry u64 term, u8 kind, 3 bytes unused, u32 size) and the data of its entries.
"""

from __future__ import annotations

import re
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dqlitepy._disk.checksum import raft_crc32
from dqlitepy._disk.configuration import MOST_BYTES, Member, decode_members
from dqlitepy._disk.content import Content
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

    def __init__(self, segment: Segment, content: Content, next_index: int) -> None:
        self.segment = segment
        self.configurations: list[Configuration] = []
        self.on_command: Callable[[int, bytes], None] | None = None  # is called with each and its index
        self.terms: dict[int, int] = {}  # the index of the first entry of each
        self.first_kind = ""
        self._content = content
        self._next_index = next_index
        self._offset = 8

    def read_closed(self) -> None:
        """Reads a segment that must be full of good batches.

        Raises:
            Damaged: it is not.
        """
        self._check_format()
        if self._content.size == 8:
            raise Damaged("it has no entries")
        while self._offset < self._content.size:
            self._take(*self._checked_batch())
        self.segment.verified = True

    def read_open(self) -> str:
        """Reads the batches up to where a crash, or a write that is still under way, left off.

        Returns:
            A note on what raft will drop at the next start, "" where nothing is amiss.

        Raises:
            Damaged: entries that were written whole cannot be read.
        """
        if self._content.is_zero(0):  # made, never written
            self.segment.verified = True
            return ""
        self._check_format()
        while self._offset < self._content.size:
            if not any(self._content.read(self._offset, _PREAMBLE.size)) and self._content.is_zero(self._offset):
                break
            torn = True
            try:
                batch = self._checked_batch()
                torn = False
                self._take(*batch)
            except Damaged as damage:
                if not self._batch_follows():
                    return f"its last write was cut short by a crash ({damage}); a node drops it at its next start"
                if torn and self._is_batch(self._offset):
                    continue  # a running node has written both meanwhile
                raise GoodEntriesFollow(
                    f"{damage}, and good entries follow, which dqlite would drop without a word"
                ) from None
        self.segment.verified = True
        return ""

    def _check_format(self) -> None:
        start = self._content.read(0, 8)
        if len(start) < 8:
            raise Damaged(f"it has only {len(start)} bytes")
        form = int.from_bytes(start, "little")
        if form != _FORMAT:
            raise Damaged(f"its format is {form} instead of {_FORMAT}")

    def _checked_batch(self) -> tuple[bytes, int, str]:
        """Returns the table of the entries of the next batch, where their data begins, and what to call the batch."""
        where = f"batch {self.segment.batches + 1} at byte {self._offset}"
        header, data_crc, data_offset = self._header(self._offset, where)
        end = data_offset + sum(size for _, _, size in _ENTRY.iter_unpack(header))
        if end > self._content.size:
            raise Damaged(f"{where} is cut short")
        if self._content.checksum(data_offset, end) != data_crc:
            raise Damaged(f"the data of {where} does not match its checksum")
        return header, data_offset, where

    def _header(self, offset: int, where: str) -> tuple[bytes, int, int]:
        """Returns the table of the entries of a batch, the checksum of their data, and where that begins."""
        preamble = self._content.read(offset, _PREAMBLE.size)
        if len(preamble) < _PREAMBLE.size:
            raise Damaged(f"{where} is cut short")
        header_crc, data_crc, count = _PREAMBLE.unpack(preamble)
        if not 0 < count <= _MOST_ENTRIES:
            raise Damaged(f"{where} says that it has {count} entries")
        start, size = offset + _PREAMBLE.size, count * _ENTRY.size
        if start + size > self._content.size:
            raise Damaged(f"{where} is cut short")
        header = self._content.read(start, size)
        if len(header) < size:
            raise Damaged(f"{where} is cut short")
        if raft_crc32(header, raft_crc32(preamble[8:])) != header_crc:
            raise Damaged(f"the header of {where} does not match its checksum")
        return header, data_crc, start + size

    def _take(self, header: bytes, offset: int, where: str) -> None:
        segment = self.segment
        for term, code, size in _ENTRY.iter_unpack(header):
            if code not in _KINDS:
                raise Damaged(f"{where} has an entry of the unknown kind {code}")
            if not term or not size or size % 8:
                raise Damaged(f"{where} has an entry of term {term} and of {size} bytes")
            kind = _KINDS[code]
            self.first_kind = self.first_kind or kind
            self.terms.setdefault(term, self._next_index)
            if kind == "configuration":
                if size > MOST_BYTES:
                    raise Damaged(f"{where} has a list of members of {size} bytes")
                members = decode_members(self._content.read(offset, size))
                self.configurations.append(Configuration(self._next_index, members))
            elif kind == "command" and self.on_command is not None:
                self.on_command(self._next_index, self._content.read(offset, size))
            segment.kinds[kind] = segment.kinds.get(kind, 0) + 1
            segment.last_term = term
            segment.last_index = self._next_index
            if segment.first_index is None:
                segment.first_index = self._next_index
            self._next_index += 1
            offset += size
        self._offset = offset
        segment.entries += len(header) // _ENTRY.size
        segment.batches += 1

    def _batch_follows(self) -> bool:
        """Whether a whole batch stands somewhere behind the bad one: then no crash cut that one short."""
        content = self._content
        return any(
            self._is_batch(offset)
            for offset in _small_numbers(content.pieces(self._offset + 16, content.size), self._offset + 8)
        )

    def _is_batch(self, offset: int) -> bool:
        try:
            header, data_crc, start = self._header(offset, "")
        except Damaged:
            return False
        end = start + sum(size for _, _, size in _ENTRY.iter_unpack(header))
        return end <= self._content.size and self._content.checksum(start, end) == data_crc


def _small_numbers(pieces: Iterator[bytes], offset: int) -> Iterator[int]:
    """Yields each offset where a batch may begin, by the count that stands 8 bytes behind it; `pieces` begin there."""
    for piece in pieces:
        words = array("Q", piece[: len(piece) & ~7])
        if sys.byteorder == "big":
            words.byteswap()
        yield from [offset + 8 * index for index, word in enumerate(words) if 0 < word <= _MOST_ENTRIES]
        offset += len(piece)
