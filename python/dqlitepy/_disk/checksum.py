# SPDX-License-Identifier: Apache-2.0
"""The two checksums in a node's directory: raft's CRC-32 and LZ4's xxHash-32."""

from __future__ import annotations

import struct
from binascii import crc32

_MASK = 0xFFFFFFFF
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_P1, _P2, _P3, _P4, _P5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393


def raft_crc32(data: bytes, register: int = 0) -> int:
    """Returns the CRC-32 that raft writes: most significant bit first, beginning at `register`, not inverted.

    It is the standard library's with the order of bits turned round, and so runs at the speed of C.
    """
    mirrored = crc32(data.translate(_REVERSED_BITS), _mirror(register) ^ _MASK) ^ _MASK
    return _mirror(mirrored)


def _mirror(register: int) -> int:
    return int.from_bytes(register.to_bytes(4, "little").translate(_REVERSED_BITS), "big")


class XxHash32:
    """xxHash-32 with seed 0 of what `update` was given."""

    def __init__(self) -> None:
        self._lanes = ((_P1 + _P2) & _MASK, _P2, 0, -_P1 & _MASK)
        self._size = 0
        self._rest = b""

    def update(self, data: bytes) -> None:
        """Takes in the next bytes."""
        self._size += len(data)
        data = self._rest + data
        whole = len(data) & ~15
        self._rest = data[whole:]
        a, b, c, d = self._lanes
        for w, x, y, z in struct.iter_unpack("<4I", memoryview(data)[:whole]):
            a = (a + w * _P2) & _MASK
            a = ((a << 13 | a >> 19) & _MASK) * _P1 & _MASK
            b = (b + x * _P2) & _MASK
            b = ((b << 13 | b >> 19) & _MASK) * _P1 & _MASK
            c = (c + y * _P2) & _MASK
            c = ((c << 13 | c >> 19) & _MASK) * _P1 & _MASK
            d = (d + z * _P2) & _MASK
            d = ((d << 13 | d >> 19) & _MASK) * _P1 & _MASK
        self._lanes = (a, b, c, d)

    def digest(self) -> int:
        """Returns the hash of everything so far."""
        if self._size >= 16:
            a, b, c, d = self._lanes
            value = _rotate(a, 1) + _rotate(b, 7) + _rotate(c, 12) + _rotate(d, 18)
        else:
            value = _P5
        value += self._size
        words = len(self._rest) & ~3
        for (word,) in struct.iter_unpack("<I", self._rest[:words]):
            value = _rotate((value + word * _P3) & _MASK, 17) * _P4
        for byte in self._rest[words:]:
            value = _rotate((value + byte * _P5) & _MASK, 11) * _P1
        value &= _MASK
        value = (value ^ value >> 15) * _P2 & _MASK
        value = (value ^ value >> 13) * _P3 & _MASK
        return value ^ value >> 16


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 32 - bits) & _MASK
