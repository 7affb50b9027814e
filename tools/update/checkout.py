# SPDX-License-Identifier: Apache-2.0
"""The files that hold pins: read, changed in memory, and written all together or not at all."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.pins import PINS, NoPins, parse_pins

MODULE = "MODULE.bazel"
GO_MOD = "go/go.mod"
GO_SUM = "go/go.sum"
LOCK = "tools/airgap/lock.txt"


class Refused(Exception):
    """Why a version is not applied, and what to type; nothing was changed."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class Checkout:
    """A checkout whose changes are kept in memory until `write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._changed: dict[str, str] = {}
        if not (root / PINS).exists():
            raise Refused(f"{root} is no checkout of dqlitepy: it has no {PINS}", "tools/bazel run //tools:update")

    def read(self, name: str) -> str:
        """Returns a file's text as it will be."""
        if name in self._changed:
            return self._changed[name]
        return (self.root / name).read_text(encoding="utf-8")

    def change(self, name: str, text: str) -> None:
        """Gives a file another text."""
        self._changed[name] = text

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces each occurrence of a text; Refused where there is none: then the file has been restructured."""
        text = self.read(name)
        if old not in text:
            raise Refused(f"{name} no longer says {old!r}, where this pin was to be changed", f"git log -- {name}")
        self.change(name, text.replace(old, new))

    def glob(self, pattern: str) -> list[str]:
        """Returns the names of the files that match, in order."""
        return sorted(str(path.relative_to(self.root)) for path in self.root.glob(pattern))

    def pins(self) -> dict[str, dict[str, Any]]:
        """Returns the table of third_party/pins.bzl."""
        try:
            return parse_pins(self.read(PINS))
        except NoPins as error:
            raise Refused(str(error), f"git log -- {PINS}") from None

    def change_pin(self, name: str, **values: str) -> None:
        """Gives the keys of one entry of that table other values, and leaves everything else as it stands."""
        text = self.read(PINS)
        found = re.search(rf'^    "{re.escape(name)}": \{{\n.*?^    \}},\n', text, re.MULTILINE | re.DOTALL)
        if not found:
            raise Refused(f"{PINS} has no entry {name!r}", f"git log -- {PINS}")
        entry = found[0]
        for key, value in values.items():
            entry, count = re.subn(rf'^(        "{key}": )".*",$', rf'\g<1>"{value}",', entry, flags=re.MULTILINE)
            if count != 1:
                raise Refused(f"the entry {name!r} of {PINS} has no {key!r}", f"git log -- {PINS}")
        self.change(PINS, text[: found.start()] + entry + text[found.end() :])

    def changes(self) -> list[str]:
        """Returns the names of the files whose text will be another one."""
        return sorted(
            name
            for name, text in self._changed.items()
            if not (self.root / name).exists() or (self.root / name).read_text(encoding="utf-8") != text
        )

    def write(self) -> list[str]:
        """Writes what was changed and returns the names of those files.

        First everything beside its place, then one rename after the other: a disk that fills up changes nothing. Where
        a rename fails, those before it are undone.

        Raises:
            OSError: a file could not be written; all are as they were.
        """
        names = self.changes()
        before = {name: (self.root / name).read_bytes() for name in names}
        written: list[str] = []
        try:
            for name in names:
                part = self._part(name)
                part.write_text(self._changed[name], encoding="utf-8")
                part.chmod((self.root / name).stat().st_mode & 0o777)
            for name in names:
                os.replace(self._part(name), self.root / name)
                written.append(name)
        except BaseException:
            for name in written:
                (self.root / name).write_bytes(before[name])
            for name in names:
                with suppress(OSError):
                    self._part(name).unlink()
            raise
        return names

    def _part(self, name: str) -> Path:
        return (self.root / name).with_name(f".{Path(name).name}.part")
