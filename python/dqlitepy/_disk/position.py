# SPDX-License-Identifier: Apache-2.0
"""Where a node is in the log: cheap enough to be asked again and again, of a node that is running too."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dqlitepy._disk import metadata, segments, snapshots
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.segments import Segment


@dataclass(frozen=True)
class Position:
    """The term a node is in, and the last entry of its log; 0 where it has none."""

    term: int
    last_index: int


def position(directory: Path) -> Position:
    """Returns where the node of a directory is, as far as its files tell.

    Raises:
        OSError: the directory cannot be read.
    """
    names = os.listdir(directory)
    snapshot = max((parsed.index for name in names if (parsed := snapshots.parse_name(name))), default=0)
    closed = 0
    open_ones = []
    for name in names:
        parsed_name = segments.parse_name(name)
        if parsed_name is not None and parsed_name.open:
            open_ones.append((parsed_name.first, name))
        elif parsed_name is not None:
            closed = max(closed, parsed_name.last)
    last = closed or snapshot  # the open ones go on behind the closed ones, also where a snapshot is newer than those
    for _, name in sorted(open_ones):
        segment = Segment(name, True, 0)
        with suppress(FileNotFoundError, Damaged):  # closed meanwhile, or being written
            segments.Reader(segment, (directory / name).read_bytes(), last + 1).read_open()
        last = segment.last_index or last
    return Position(_term(directory), max(last, snapshot))


def _term(directory: Path) -> int:
    found = []
    for name in metadata.FILES:
        with suppress(FileNotFoundError, Damaged):
            found.append(metadata.decode_metadata(name, (directory / name).read_bytes()))
    newest = max((read for read in found if read), key=lambda read: read.version, default=None)
    return newest.term if newest else 0
