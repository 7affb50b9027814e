# SPDX-License-Identifier: Apache-2.0
"""Snapshots as no node would write them: what is in one is changed, and its checksums are made right again."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

from dqlitepy._disk.checksum import XxHash32
from dqlitepy._disk.lz4 import MAGIC, decompress

_BLOCK = 4 << 20
_STORED = 0x80000000
_INDEPENDENT_SIZED_CHECKED, _BLOCKS_OF_4_MIB = 0x6C, 0x70

PAGE = 4096


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


def _hash(data: bytes) -> int:
    checksum = XxHash32()
    checksum.update(data)
    return checksum.digest()
