# SPDX-License-Identifier: Apache-2.0
"""What a terminal needs to know of text: how wide it is, and which colour; and how sizes are written for people."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TextIO

_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def width(text: str) -> int:
    """Returns how many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_width_of(character) for character in text)


def _width_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Returns `text` filled up with blanks to `columns`, on its left if it belongs to the right."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def printable(text: str) -> str:
    """Returns `text` with what would move the cursor, or speak to the terminal, written as escapes."""
    if text.isprintable():
        return text
    return "".join(_printable(character) for character in text)


def _printable(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) in ("Zs", "Cf"):
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


class Style:
    """Colours for one stream: none where it is no terminal, or NO_COLOR is set."""

    def __init__(self, stream: TextIO) -> None:
        self._colours = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, text: str, *names: str) -> str:
        """Returns `text` in the colours of these names."""
        if not self._colours or not names:
            return text
        return f"\x1b[{';'.join(_COLOURS[name] for name in names)}m{text}\x1b[0m"


def columns(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> list[str]:
    """Returns the lines of a table with these heads; the columns at the positions in `numbers` stand to the right."""
    lines = [heads, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(width(line[column]) for line in lines) for column in range(len(heads))]
    right = set(numbers)
    return [
        "  ".join(pad(cell, widths[column], right=column in right) for column, cell in enumerate(line)).rstrip()
        for line in lines
    ]


def size(count: int) -> str:
    """Returns a number of bytes as people write it."""
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, 4)
    return f"{count / 1024**power:.1f} {('', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"
