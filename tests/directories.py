# SPDX-License-Identifier: Apache-2.0
"""What is in a node's directory."""

from __future__ import annotations

from pathlib import Path


def snapshots(directory: Path) -> list[Path]:
    """Returns the snapshots in a directory, the oldest first."""
    found = [path for path in directory.glob("snapshot-*") if path.suffix != ".meta"]
    return sorted(found, key=lambda path: int(path.name.split("-")[2]))


def contents(directory: Path) -> dict[str, bytes]:
    """Returns what is in the files that hold a node's data."""
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != "dqlite-lock"}
