# SPDX-License-Identifier: Apache-2.0
"""Chance that a seed repeats: the values that decoders get wrong come more often than others."""

from __future__ import annotations

import random
import struct

EDGES: tuple[int, ...] = (
    *range(10),
    *(n + d for bits in (7, 8, 15, 16, 31, 32, 62, 63) for n in (1 << bits,) for d in (-9, -1, 0, 1)),
    (1 << 64) - 9,
    (1 << 64) - 8,
    (1 << 64) - 7,
    (1 << 64) - 1,
)


class Chance(random.Random):
    """A generator of decisions."""

    def one_in(self, n: int) -> bool:
        """Is true once in `n` times."""
        return self.randrange(n) == 0

    def number(self, *likely: int, bits: int = 64) -> int:
        """Returns one of the likely numbers, mostly; else one at an edge, or any."""
        if likely and not self.one_in(8):
            return self.choice(likely)
        if self.one_in(4):
            return self.getrandbits(bits)
        return self.choice(EDGES) & (1 << bits) - 1

    def damaged(self, data: bytes) -> bytes:
        """Returns the bytes with one thing wrong: cut, longer, with other bits, or with a word from the edges."""
        if not data:
            return self.randbytes(self.randrange(1, 17))
        copy = bytearray(data)
        at = self.randrange(len(copy))
        kind = self.randrange(5)
        if kind == 0:
            del copy[at:]
        elif kind == 1:
            copy[at:at] = self.randbytes(self.choice((1, 7, 8, 9, 64)))
        elif kind == 2:
            copy[at] ^= 1 << self.randrange(8)
        elif kind == 3:
            at -= at % 8
            copy[at : at + 8] = struct.pack("<Q", self.number())
        else:
            at -= at % 4
            copy[at : at + 4] = struct.pack("<I", self.number(bits=32))
        return bytes(copy)


def word(*numbers: int) -> bytes:
    """Encodes numbers of 64 bits, of which those that are larger or negative become others."""
    return b"".join(struct.pack("<Q", number & (1 << 64) - 1) for number in numbers)
