# SPDX-License-Identifier: Apache-2.0
"""Rebuilds the databases from a snapshot and the log behind it, without a node."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dqlitepy._disk import lenient, segments, snapshots
from dqlitepy._disk.content import Content
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.segments import Reader, Segment
from dqlitepy._disk.snapshots import Snapshot
from dqlitepy._disk.sqlite_header import MAGIC
from dqlitepy._disk.store import Store

Progress = Callable[[int], None]


@dataclass
class State:
    """The databases as of the entry `last_index`, and what else there would have been to read."""

    snapshot: str | None  # the file it begins with; None where it begins with the first entry of the log
    last_index: int
    store: Store
    missing: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)  # in the snapshot, of which what is left was taken


def candidates(directory: Path) -> list[Snapshot | None]:
    """Returns what the databases can be made from: the snapshots, the newest first, and None for the log alone."""
    found: list[Snapshot] = []
    for path in directory.iterdir():
        name = snapshots.parse_name(path.name)
        if name is not None and not name.meta:
            found.append(Snapshot(path.name, name.term, name.index, name.timestamp, path.stat().st_size))
    found.sort(key=lambda snapshot: (snapshot.term, snapshot.index, snapshot.timestamp), reverse=True)
    return [*found, None]


@contextmanager
def rebuilt(
    directory: Path, snapshot: Snapshot | None, progress: Progress, *, damaged: bool = False
) -> Iterator[State]:
    """Makes the databases from one candidate and from as much of the log as follows it, in a temporary folder.

    Args:
        directory: the node's.
        snapshot: the candidate.
        progress: is told how much more was read.
        damaged: whether to take what is left of a damaged snapshot.

    Raises:
        Damaged: the snapshot cannot be read, or the log does not begin where it ends.
    """
    with tempfile.TemporaryDirectory(prefix="dqlitepy-") as folder:
        store = Store(Path(folder))
        state = State(None, 0, store)
        if snapshot is not None:
            with open(directory / snapshot.file, "rb") as content:
                if damaged:
                    state.damage = lenient.read_damaged(content, progress, store.create)
                else:
                    snapshots.read_content(snapshot, content, progress, store.create)
            state.snapshot, state.last_index = snapshot.file, snapshot.index
        _replay(directory, state, progress)
        if snapshot is None and not state.last_index:
            raise Damaged("the log does not go back to its beginning")
        if damaged:
            _drop_unreadable(state)
        yield state


def _drop_unreadable(state: State) -> None:
    """Forgets the databases whose first page is neither in the snapshot nor in the log: SQLite finds nothing in them.

    Raises:
        Damaged: no other is left.
    """
    for name, path in list(state.store.files.items()):
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                del state.store.files[name]
                state.damage.append(f"nothing of its database {name!r} can be read, since its first page cannot be")
    if not state.store.files:
        raise Damaged("; ".join(state.damage) or "there is no database in it")


def _replay(directory: Path, state: State, progress: Progress) -> None:
    names = [(path, name) for path in directory.iterdir() if (name := segments.parse_name(path.name))]
    for path, name in sorted(names, key=lambda pair: (pair[1].open, pair[1].first)):
        if not name.open and name.last <= state.last_index:
            continue
        if not name.open and name.first > state.last_index + 1:
            state.missing.append(f"the entries {state.last_index + 1} to {name.first - 1}, and so all behind them")
            return
        with Content(path, progress) as content:
            if not _replay_segment(content, path.name, name, state):
                return


def _replay_segment(content: Content, file: str, name: segments.Name, state: State) -> bool:
    """Applies the commands of a segment; False where some of them cannot be read, so that nothing may follow."""
    segment = Segment(file, name.open, content.size)
    reader = Reader(segment, content, state.last_index + 1 if name.open else name.first)

    def apply(index: int, command: bytes) -> None:
        if index > state.last_index and (name.open or index <= name.last):
            state.store.apply(command)
            state.last_index = index

    reader.on_command = apply
    try:
        if name.open:
            if note := reader.read_open():
                state.missing.append(f"{file}: {note}")
        else:
            reader.read_closed()
    except Damaged as damage:
        if not name.open and (segment.last_index or 0) >= name.last:
            state.missing.append(f"{file}: what stands behind its last entry: {damage}")
        else:
            state.missing.append(f"{file} from entry {state.last_index + 1} on: {damage}")
            return False
    last = segment.last_index or 0
    state.last_index = max(state.last_index, last if name.open else min(last, name.last))
    return True
