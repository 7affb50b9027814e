# SPDX-License-Identifier: Apache-2.0
"""Files as no node would write them: what is in one is changed, and its checksums are made right again."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from dqlitepy._disk.checksum import XxHash32, raft_crc32
from dqlitepy._disk.lz4 import MAGIC, decompress

_BLOCK = 4 << 20
_STORED = 0x80000000
_INDEPENDENT_SIZED_CHECKED, _BLOCKS_OF_4_MIB = 0x6C, 0x70

PAGE = 4096
VERSION_AT, TERM_AT = 8, 16  # where they are in a file of the metadata


def content_of(path: Path) -> bytes:
    """Returns what is in a snapshot."""
    with open(path, "rb") as file:
        return b"".join(decompress(file))


def forge(path: Path, change: Callable[[bytearray], None]) -> None:
    """Puts a snapshot in the place of `path`, at once, in whose content only `change` is to be seen."""
    content = bytearray(content_of(path))
    change(content)
    header = struct.pack("<BBQ", _INDEPENDENT_SIZED_CHECKED, _BLOCKS_OF_4_MIB, len(content))
    parts = [MAGIC, header, bytes([_hash(header) >> 8 & 0xFF])]
    for start in range(0, len(content), _BLOCK):
        block = bytes(content[start : start + _BLOCK])
        parts += [struct.pack("<I", len(block) | _STORED), block]
    parts.append(struct.pack("<II", 0, _hash(bytes(content))))
    forged = path.with_name("forged")
    forged.write_bytes(b"".join(parts))
    os.replace(forged, path)


def wreck_page(number: int) -> Callable[[bytearray], None]:
    """Makes a page of the first database one that SQLite cannot read."""

    def change(content: bytearray) -> None:
        start = content.index(b"SQLite format 3\0") + (number - 1) * PAGE
        content[start : start + 8] = b"\xff" * 8

    return change


def forge_segment(
    directory: Path,
    first: int,
    entries: Sequence[tuple[int, int, bytes]],
    *,
    name: str | None = None,
    count: int | None = None,
) -> Path:
    """Makes a closed segment with entries, each a term, a kind and a content.

    Args:
        directory: the node's.
        first: the index of the first one.
        entries: all of them.
        name: of the file, instead of the one that the indexes give.
        count: how many entries are said to be in it.
    """
    header = struct.pack("<Q", len(entries) if count is None else count)
    header += b"".join(struct.pack("<QB3xI", term, kind, len(content)) for term, kind, content in entries)
    data = b"".join(content for *_, content in entries)
    path = directory / (name or f"{first:016}-{first + len(entries) - 1:016}")
    path.write_bytes(struct.pack("<QII", 1, raft_crc32(header), raft_crc32(data)) + header + data)
    return path


def forge_description(path: Path, configuration: bytes, *, index: int = 1) -> None:
    """Puts a description of a snapshot in the place of `path`, with this configuration, which is of entry `index`."""
    body = struct.pack("<QQ", index, len(configuration)) + configuration
    path.write_bytes(struct.pack("<QQ", 1, raft_crc32(body)) + body)


def forge_metadata(directory: Path, *, version: int, term: int, vote: int = 0) -> None:
    """Leaves one file of metadata in a node's directory."""
    (directory / "metadata2").unlink(missing_ok=True)
    (directory / "metadata1").write_bytes(struct.pack("<QQQQ", 1, version, term, vote))


def _hash(data: bytes) -> int:
    checksum = XxHash32()
    checksum.update(data)
    return checksum.digest()


def set_metadata(directory: Path, offset: int, number: int) -> None:
    """Changes the file that counts."""
    path = max(directory.glob("metadata?"), key=lambda path: int.from_bytes(path.read_bytes()[8:16], "little"))
    content = bytearray(path.read_bytes())
    content[offset : offset + 8] = number.to_bytes(8, "little")
    path.write_bytes(content)


def sign_meta(directory: Path, configuration_index: int) -> None:
    """Changes the entry that a snapshot has its members from, with the right checksum."""
    (path,) = directory.glob("snapshot-*.meta")
    content = bytearray(path.read_bytes())
    content[16:24] = configuration_index.to_bytes(8, "little")
    content[8:16] = raft_crc32(bytes(content[16:])).to_bytes(8, "little")
    path.write_bytes(content)


def sign_entry(segment: Path, term: int, kind: int | None = None) -> None:
    """Changes the term of the first entry of a segment, or its kind as well, with the right checksum."""
    content = bytearray(segment.read_bytes())
    count = int.from_bytes(content[16:24], "little")
    content[24:32] = term.to_bytes(8, "little")
    if kind is not None:
        content[32] = kind
    content[8:12] = raft_crc32(bytes(content[16 : 24 + 16 * count])).to_bytes(4, "little")
    segment.write_bytes(content)


def begin_with_a_barrier(directory: Path) -> None:
    """Leaves no snapshot, and a log whose first entry does not have the members."""
    for snapshot in directory.glob("snapshot-*"):
        snapshot.unlink()
    sign_entry(min(directory.glob("0*-0*")), 1, kind=2)


def end_before_the_snapshot(directory: Path) -> None:
    """Leaves half of the segment that ends where the snapshot does, as an open one, and none behind it."""
    _, second, third = sorted(directory.glob("0*-0*"))
    content = second.read_bytes()
    (directory / "open-1").write_bytes(content[: len(content) // 2])
    second.unlink()
    third.unlink()
