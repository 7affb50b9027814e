# SPDX-License-Identifier: Apache-2.0
"""metadata1 and metadata2: the term a node is in and whom it voted for, written in turns."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dqlitepy._disk.damage import Damaged

FILES = ("metadata1", "metadata2")

_FORMAT = 1
_LAYOUT = struct.Struct("<4Q")
_MOST = (1 << 63) - 1  # of what is counted up by one, so that a node never gets there


@dataclass(frozen=True)
class Metadata:
    """What one of the two files says; the one with the greater version counts. `vote` is 0 for nobody."""

    file: str
    version: int
    term: int
    vote: int


def decode_metadata(file: str, data: bytes) -> Metadata | None:
    """Returns what `data`, the content of `file`, says; None where a crash cut the writing short, which raft ignores.

    Raises:
        Damaged: a node refuses to start with it.
    """
    if len(data) < _LAYOUT.size:
        return None
    if len(data) > _LAYOUT.size:
        raise Damaged(f"it has {len(data)} bytes instead of {_LAYOUT.size}")
    form, version, term, vote = _LAYOUT.unpack(data)
    if form != _FORMAT:
        raise Damaged(f"its format is {form} instead of {_FORMAT}")
    if version == 0:
        raise Damaged("its version is 0")
    if version > _MOST or term > _MOST:
        raise Damaged(f"its version {version} or its term {term} cannot be")
    return Metadata(file, version, term, vote)
