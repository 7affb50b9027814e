# SPDX-License-Identifier: Apache-2.0
"""Reads what is pinned: tools/airgap/lock.txt and third_party/pins.bzl."""

import hashlib
from pathlib import Path
from typing import NamedTuple

# The checkout is on the path of this program (supplies.sh).
from tools.pins import read_pins


class GoModule(NamedTuple):
    """A Go module, its version, and the h1 sum of its zip."""

    path: str
    version: str
    sum: str


class SourceArchive(NamedTuple):
    """An archive in Debian's pool, and what it has to become for the build."""

    name: str
    file: str
    sha256: str
    upstream_sha256: str
    upstream_folder: str


class Lock(NamedTuple):
    """What provisioning fetches, beside the wheels."""

    go_modules: list[GoModule]
    sources: list[SourceArchive]


def read_lock(checkout: Path) -> Lock:
    """Joins the lock with the table of pins, which both editions share."""
    pins = read_pins(checkout)
    modules: list[GoModule] = []
    sources: list[SourceArchive] = []
    for line in (checkout / "tools" / "airgap" / "lock.txt").read_text().splitlines():
        match line.split():
            case ["go", path, version, h1]:
                modules.append(GoModule(path, version, h1))
            case ["source", name, file, sha256]:
                sources.append(SourceArchive(name, file, sha256, pins[name]["sha256"], pins[name]["strip_prefix"]))
    return Lock(modules, sources)


def sha256_of(path: Path) -> str:
    """The file's digest in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
