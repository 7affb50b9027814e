# SPDX-License-Identifier: Apache-2.0
"""Debian's indexes, from the mirror that this machine's apt uses."""

from __future__ import annotations

import lzma
from functools import cache
from typing import NamedTuple

from tools.update.web import Missing, Unreachable, Web

# Oldest first; the pool that they share keeps what any of them still names.
SOURCE_SUITES = ["trixie", "forky", "sid"]
# Where the air-gapped edition takes Bazel from.
BAZEL_SUITE = "forky"

Stanza = dict[str, str]


class Orig(NamedTuple):
    """An upstream archive in Debian's pool."""

    upstream_version: str
    file: str
    sha256: str
    suite: str


class Debian:
    """The archive at an address; without one, everything is out of reach."""

    def __init__(self, web: Web, mirror: str, wanted: frozenset[str]) -> None:
        """Takes the names of the source and binary packages that will be asked for: an index has 60,000."""
        self._web = web
        self._mirror = mirror.rstrip("/")
        self._wanted = wanted
        self._index = cache(self._read_index)

    def origs(self, source: str) -> list[Orig]:
        """Returns the archive of a source package in each suite."""
        found: list[Orig] = []
        for suite in SOURCE_SUITES:
            for stanza in self._index(suite, "source/Sources"):
                if stanza["Package"] != source:
                    continue
                for line in stanza["Checksums-Sha256"].splitlines():
                    sha256, _, file = [*line.split(), "", "", ""][:3]
                    if file.endswith(".orig.tar.gz"):
                        version = file.removeprefix(f"{source}_").removesuffix(".orig.tar.gz")
                        found.append(Orig(version, file, sha256, suite))
        return found

    def package(self, name: str) -> Stanza | None:
        """Returns what the suite of Bazel says of a binary package."""
        stanzas = self._index(BAZEL_SUITE, "binary-amd64/Packages")
        return next((stanza for stanza in stanzas if stanza["Package"] == name), None)

    def download(self, path: str) -> bytes:
        """Returns a file below the mirror's address."""
        if not self._mirror:
            raise Unreachable("Debian's archive", "DQLITEPY_MIRROR names none, and apt's sources name none of Debian's")
        try:
            return self._web.get(f"{self._mirror}/{path}")
        except Missing:
            raise Missing(f"the Debian mirror has no {path}") from None
        except Unreachable as error:
            raise Unreachable("Debian's archive", str(error)) from None

    def _read_index(self, suite: str, index: str) -> list[Stanza]:
        try:
            text = lzma.decompress(self.download(f"dists/{suite}/main/{index}.xz")).decode()
        except Missing as error:
            raise Unreachable("Debian's archive", str(error)) from None
        except (lzma.LZMAError, UnicodeDecodeError) as error:
            raise Unreachable("Debian's archive", f"{index}.xz of {suite} is damaged: {error}") from None
        first_lines = {f"Package: {name}" for name in self._wanted}
        return [_stanza(block) for block in text.split("\n\n") if block.partition("\n")[0] in first_lines]


def _stanza(block: str) -> Stanza:
    stanza: Stanza = {}
    key = ""
    for line in block.splitlines():
        if line.startswith((" ", "\t")):
            stanza[key] = f"{stanza[key]}\n{line.strip()}"
        else:
            key, _, value = line.partition(":")
            stanza[key] = value.strip()
    return stanza
