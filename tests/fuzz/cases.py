# SPDX-License-Identifier: Apache-2.0
"""Inputs as files: a line for each connection, what it sends in hexadecimal; lines with # say why it is kept."""

from __future__ import annotations

from pathlib import Path


def load(path: Path) -> list[bytes]:
    """Returns what the connections of a case send."""
    lines = path.read_text(encoding="ascii").splitlines()
    return [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]


def save(path: Path, connections: list[bytes], why: str) -> None:
    """Writes a case."""
    comment = "".join(f"# {line}\n" for line in why.encode("ascii", "replace").decode().splitlines())
    path.write_text(comment + "".join(sent.hex() + "\n" for sent in connections), encoding="ascii")
