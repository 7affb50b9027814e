# SPDX-License-Identifier: Apache-2.0
"""Databases on their way out of a node's directory: each is a file in another folder, to which commands are applied.

A command of the log, with little-endian numbers: format and kind (u8 each), 6 bytes unused, the database's name, which
zeros fill up to a multiple of 8, 16 bytes that do not matter here; and the pages that a transaction has changed: count
(u32), size (u16), 2 bytes unused, their numbers (u64 each), their content.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from dqlitepy._disk.damage import Damaged

_FORMAT = 1
_FRAMES = 2
_BEFORE_PAGES = 16
_PAGES = struct.Struct("<IHH")
_PAGES_IN_HEADER = slice(28, 32)
_LARGEST_PAGE = 65536


class Store:
    """The databases, by name, and their files."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, Path] = {}
        self._folder = folder
        self._made = 0

    def create(self, name: str) -> BinaryIO:
        """Returns a new file for a database."""
        self._made += 1
        self.files[name] = self._folder / f"{self._made}.db"
        return open(self.files[name], "x+b")

    def apply(self, command: bytes) -> None:
        """Does what an entry of the log says.

        Raises:
            Damaged: it says nothing that a node would understand.
        """
        try:
            if command[0] != _FORMAT:
                raise Damaged(f"the format of a command is {command[0]}")
            if command[1] != _FRAMES:  # the others do nothing
                return
            end = command.index(0, 8)
            name = command[8:end].decode(errors="backslashreplace")
            position = (end // 8 + 1) * 8 + _BEFORE_PAGES
            count, size, _ = _PAGES.unpack_from(command, position)
            size = size or _LARGEST_PAGE
            position += _PAGES.size
            numbers = struct.unpack_from(f"<{count}Q", command, position)
        except (IndexError, ValueError, struct.error):
            raise Damaged("a command is damaged") from None
        position += 8 * count
        if 0 in numbers or position + count * size > len(command):
            raise Damaged("a command is damaged")
        self._write(name, size, numbers, memoryview(command)[position:])

    def _write(self, name: str, size: int, numbers: tuple[int, ...], pages: memoryview) -> None:
        with open(self.files[name], "r+b") if name in self.files else self.create(name) as file:
            total = None
            for position, number in enumerate(numbers):
                page = pages[position * size : (position + 1) * size]
                file.seek((number - 1) * size)
                file.write(page)
                if number == 1:
                    total = int.from_bytes(page[_PAGES_IN_HEADER], "big")
            if total:
                file.truncate(total * size)
        if total == 0:  # that is how a database is deleted
            os.unlink(self.files.pop(name))
