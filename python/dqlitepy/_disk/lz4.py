# SPDX-License-Identifier: Apache-2.0
"""Decompresses an LZ4 frame block by block and compares it with its checksums."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from dqlitepy._disk.checksum import XxHash32
from dqlitepy._disk.damage import Damaged

MAGIC = b"\x04\x22\x4d\x18"

WINDOW = 65536  # how far back a linked block may refer
BLOCK_SIZES = {4: 65536, 5: 262144, 6: 1 << 20, 7: 4 << 20}
STORED = 0x80000000  # the bit in a block's size that says it is not compressed


def decompress(file: BinaryIO) -> Iterator[bytes]:
    """Yields the content of the frame that `file` stands at, a block at a time.

    Raises:
        Damaged: it is cut short, or not what was written. What was yielded before may be wrong too.
    """
    linked, block_checksums, size, content_checksum, block_size = read_header(file)
    content = XxHash32()
    window = b""
    total = 0
    while length := _number(file):
        data = _read(file, length & ~STORED)
        if block_checksums and _number(file) != digest(data):
            raise Damaged(f"a compressed block is damaged, {total} bytes into the content")
        block = data if length & STORED else _decompress_block(data, window, block_size)
        if len(block) > block_size:
            raise Damaged(f"a compressed block is too large, {total} bytes into the content")
        total += len(block)
        content.update(block)
        yield block
        window = (window + block)[-WINDOW:] if linked else b""
    if content_checksum and _number(file) != content.digest():
        raise Damaged("the content does not match its checksum")
    if size is not None and size != total:
        raise Damaged(f"the content has {total} bytes instead of {size}")
    if file.read(1):
        raise Damaged("there are bytes behind the end of the content")


def read_header(file: BinaryIO) -> tuple[bool, bool, int | None, bool, int]:
    """Reads how a frame begins.

    Returns:
        whether its blocks refer to those before them, whether each has a checksum, how large the content is, whether
        that has a checksum, and how large each block but the last is.

    Raises:
        Damaged: it is not what was written.
    """
    if _read(file, 4) != MAGIC:
        raise Damaged("it does not begin as a compressed file")
    header = _read(file, 2)
    flags, block_code = header[0], header[1] >> 4 & 7
    if flags >> 6 != 1 or block_code not in BLOCK_SIZES:
        raise Damaged("the header of the compressed file is damaged")
    header += _read(file, (8 if flags & 8 else 0) + (4 if flags & 1 else 0))
    if _read(file, 1)[0] != digest(header) >> 8 & 0xFF:
        raise Damaged("the header of the compressed file does not match its checksum")
    size = struct.unpack_from("<Q", header, 2)[0] if flags & 8 else None
    return not flags & 0x20, bool(flags & 0x10), size, bool(flags & 4), BLOCK_SIZES[block_code]


def _decompress_block(data: bytes, window: bytes, block_size: int) -> bytes:
    output = bytearray(window)
    if decompress_into(output, data, len(window) + block_size) < len(data):
        raise Damaged("a compressed block is damaged")
    return bytes(output[len(window) :])


def decompress_into(output: bytearray, data: bytes, limit: int, gaps: list[tuple[int, int]] | None = None) -> int:
    """Decompresses a block to the end of `output`, which holds what the block may refer to.

    Args:
        output: where it goes; where the block is damaged, as much as could be decompressed.
        data: the block.
        limit: how long `output` may become.
        gaps: if given, a reference to what is not there becomes zeros, and where they are is put in here.

    Returns:
        how much of `data` it took until the end, or until `output` was full.

    Raises:
        Damaged: it is not what was written.
    """
    position, end = 0, len(data)
    try:
        while True:
            token = data[position]
            position += 1
            literals = token >> 4
            if literals == 15:
                literals, position = _extended(data, literals, position)
            if position + literals > end:
                raise Damaged("a compressed block is damaged")
            output += data[position : position + literals]
            position += literals
            if position == end or len(output) >= limit:
                return position
            offset = data[position] | data[position + 1] << 8
            position += 2
            length = token & 15
            if length == 15:
                length, position = _extended(data, length, position)
            length += 4
            start = len(output) - offset
            if len(output) + length > limit:
                raise Damaged("a compressed block is damaged")
            if offset == 0 or start < 0:
                if gaps is None:
                    raise Damaged("a compressed block is damaged")
                gaps.append((len(output), len(output) + length))
                output += bytes(length)
            elif offset >= length:
                output += output[start : start + length]
            else:  # it repeats what it is just writing
                output += (output[start:] * (length // offset + 1))[:length]
    except IndexError:
        raise Damaged("a compressed block is damaged") from None


def _extended(data: bytes, length: int, position: int) -> tuple[int, int]:
    while True:
        byte = data[position]
        length += byte
        position += 1
        if byte != 255:
            return length, position


def digest(data: bytes) -> int:
    """Returns the checksum of a block, or of a header."""
    checksum = XxHash32()
    checksum.update(data)
    return checksum.digest()


def _number(file: BinaryIO) -> int:
    return int.from_bytes(_read(file, 4), "little")


def _read(file: BinaryIO, size: int) -> bytes:
    if size > BLOCK_SIZES[7]:
        raise Damaged("the size of a compressed block is damaged")
    data = file.read(size)
    if len(data) < size:
        raise Damaged("it is cut short")
    return data
