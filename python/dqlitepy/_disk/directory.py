# SPDX-License-Identifier: Apache-2.0
"""Everything in a node's directory, and what a node would do with it at its next start."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dqlitepy._disk import identity, metadata, segments, snapshots, soundness
from dqlitepy._disk.configuration import Member
from dqlitepy._disk.content import Content, read_small
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.metadata import Metadata
from dqlitepy._disk.segments import Configuration, Segment
from dqlitepy._disk.snapshots import Snapshot
from dqlitepy._disk.store import Store

# Ten times what a cluster of thousands of members takes.
_MOST_TEXT_BYTES = 1 << 20
_MOST_META_BYTES = 2 << 20


@dataclass(frozen=True)
class Finding:
    """Something worth to know about a file."""

    file: str
    text: str


@dataclass
class Report:
    """What a directory holds. Sizes are in bytes; `damage` is what must not be, `notes` what a node copes with."""

    directory: str
    disk_bytes: int = 0
    node: Member | None = None
    holder: str | None = None
    term: int | None = None
    vote: int | None = None
    last_index: int | None = None
    last_term: int | None = None
    members: tuple[Member, ...] = ()
    members_index: int | None = None
    cluster: tuple[Member, ...] = ()
    metadata: list[Metadata] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    damage: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)


class _Inspection:
    def __init__(self, directory: Path, progress: Callable[[int], None]) -> None:
        self._directory = directory
        self._progress = progress
        self._configurations: list[Configuration] = []
        self._too_old = ""  # how the metadata contradicts the log
        self.report = Report(os.fspath(directory))

    def run(self) -> None:
        report = self.report
        report.holder = identity.holder(self._directory)
        names = sorted(entry.name for entry in os.scandir(self._directory) if entry.is_file(follow_symlinks=False))
        report.disk_bytes = sum(self._size(name, on_disk=True) for name in names)
        self._read_identity(set(names))
        self._read_metadata([name for name in names if name in metadata.FILES])
        self._read_snapshots(names)
        self._read_segments(names)
        if self._too_old:  # there is no checksum of it, as there is of entries
            newest = max(report.metadata, key=lambda found: found.version)
            self._damage(newest.file, f"{self._too_old}: a node refuses to start")
        bad_metadata = any(finding.file in metadata.FILES for finding in report.damage)
        if not report.metadata and not bad_metadata and (report.segments or report.snapshots):
            self._damage(metadata.FILES[0], "is missing or cut short, and so is the other one: a node refuses to start")
        for name in names:
            if name.startswith("tmp-"):
                self._note(name, "is left over from a write that a crash cut short; a node deletes it")
        if self._configurations:
            latest = max(self._configurations, key=lambda configuration: configuration.index)
            report.members, report.members_index = latest.members, latest.index

    def _read_identity(self, names: set[str]) -> None:
        report = self.report
        for name in (identity.INFO, identity.CLUSTER):
            if name not in names:
                continue
            try:
                text = read_small(self._directory / name, _MOST_TEXT_BYTES).decode("utf-8")
                members = identity.parse_members(text)
                if name == identity.CLUSTER:
                    report.cluster = members
                elif len(members) == 1 and members[0].id:
                    report.node = members[0]
                else:
                    raise Damaged("it must hold ID, Address and Role of the node")
            except (Damaged, UnicodeDecodeError) as damage:
                self._damage(name, str(damage))
        if identity.INFO not in names and names & {*metadata.FILES}:
            self._damage(identity.INFO, "is missing: a node refuses to start without it")

    def _read_metadata(self, names: list[str]) -> None:
        report = self.report
        for name in names:
            try:
                found = metadata.decode_metadata(name, read_small(self._directory / name, _MOST_TEXT_BYTES))
                if found is None:
                    self._note(name, "was cut short by a crash; a node takes the other one")
                else:
                    report.metadata.append(found)
            except Damaged as damage:
                self._damage(name, f"{damage}: a node refuses to start")
        if len({found.version for found in report.metadata}) < len(report.metadata):
            self._damage(names[-1], "has the same version as the other one: a node refuses to start")
        if report.metadata:
            newest = max(report.metadata, key=lambda found: found.version)
            report.term, report.vote = newest.term, newest.vote

    def _read_snapshots(self, names: list[str]) -> None:
        present = set(names)
        for name in names:
            parsed = snapshots.parse_name(name)
            if parsed is None:
                continue
            other = name.removesuffix(".meta") if parsed.meta else name + ".meta"
            if other not in present:
                self._note(name, f"is of no use without {other}; a node ignores it")
            elif not parsed.meta:
                size = self._size(name)
                snapshot = Snapshot(name, parsed.term, parsed.index, parsed.timestamp, size)
                self.report.snapshots.append(snapshot)
        self.report.snapshots.sort(key=lambda found: (found.term, found.index, found.timestamp))
        for snapshot in self.report.snapshots:
            self._read_snapshot(snapshot, newest=snapshot is self.report.snapshots[-1])

    def _read_snapshot(self, snapshot: Snapshot, *, newest: bool) -> None:
        outlook = "a node refuses to start" if newest else "a node starts, with a newer one"
        file = snapshot.file + ".meta"
        try:
            snapshots.read_meta(snapshot, read_small(self._directory / file, _MOST_META_BYTES))
            assert snapshot.configuration_index is not None
            self._configurations.append(Configuration(snapshot.configuration_index, snapshot.members))
            file = snapshot.file
            with tempfile.TemporaryDirectory(prefix="dqlitepy-") as folder:
                store = Store(Path(folder))
                with open(self._directory / file, "rb") as content:
                    snapshots.read_content(snapshot, content, self._progress, store.create)
                self._check_databases(file, store, outlook)
        except Damaged as damage:
            self._damage(file, f"{damage}: {outlook}")
        except FileNotFoundError:
            self._vanished(file)

    def _check_databases(self, file: str, store: Store, outlook: str) -> None:
        for name, path in store.files.items():
            try:
                if wrong := soundness.check(path, self._progress):
                    self._damage(file, f"its database {name!r}: {wrong}: a node starts, but may answer wrongly")
            except Damaged as damage:
                self._damage(file, f"its database {name!r} is malformed: {damage}: {outlook}")
            except soundness.Unknown as reason:
                self._note(file, f"its database {name!r} cannot be checked here: {reason}")

    def _read_segments(self, names: list[str]) -> None:
        report = self.report
        found = [(name, parsed) for name in names if (parsed := segments.parse_name(name))]
        found.sort(key=lambda pair: (pair[1].open, pair[1].first))
        base = report.snapshots[-1].index if report.snapshots else 0
        if base:
            report.last_index, report.last_term = base, report.snapshots[-1].term
        next_index: int | None = None  # unknown until the first closed segment
        behind = ""  # the last open segment that has entries
        for name, parsed in found:
            if not parsed.open:
                self._check_order(name, parsed.first, next_index, base)
                next_index = parsed.last + 1
            first = parsed.first if not parsed.open else next_index or base + 1
            segment = self._read_segment(name, parsed, first)
            if segment is None:
                continue
            if parsed.open and segment.last_index is not None:
                next_index = segment.last_index + 1
                behind = name
            if segment.last_index is not None and segment.last_index > (report.last_index or 0):
                report.last_index, report.last_term = segment.last_index, segment.last_term

        if behind and next_index is not None and next_index <= base:
            self._damage(
                behind, f"ends with entry {next_index - 1}, before that of the snapshot: a node refuses to start"
            )

    def _check_order(self, name: str, first: int, expected: int | None, snapshot: int) -> None:
        """Compares where a closed segment begins with where the one before it ended, if there is one."""
        wanted = snapshot + 1 if expected is None else expected
        if first > wanted and first > snapshot + 1:
            self._damage(name, f"the entries {wanted} to {first - 1} before it are missing: a node refuses to start")
        elif expected is not None and first != expected:
            text = "does not go on where the one before it ended"
            if snapshot and first <= snapshot + 1:
                self._note(name, f"{text}; a node begins with this one, since the snapshot has what is before it")
            else:
                self._damage(name, f"{text}: a node refuses to start")

    def _read_segment(self, name: str, parsed: segments.Name, first: int) -> Segment | None:
        try:
            with Content(self._directory / name, self._progress) as content:
                return self._read_batches(name, parsed, first, content)
        except FileNotFoundError:
            self._vanished(name)
            return None

    def _read_batches(self, name: str, parsed: segments.Name, first: int, content: Content) -> Segment:
        segment = Segment(name, parsed.open, content.size)
        reader = segments.Reader(segment, content, first)
        try:
            if not parsed.open:
                reader.read_closed()
                expected = parsed.last - parsed.first + 1
                if segment.entries != expected:
                    segment.verified = False
                    raise Damaged(f"it has {segment.entries} entries instead of {expected}")
            elif note := reader.read_open():
                self._note(name, note if self.report.holder is None else "is being written")
        except Damaged as damage:
            if parsed.open:
                self._damage(name, str(damage))
            else:
                self._damage(name, f"{damage}: a node refuses to start")
        self._check_entries(name, reader)
        self._configurations += reader.configurations
        self.report.segments.append(segment)
        return segment

    def _check_entries(self, name: str, reader: segments.Reader) -> None:
        """Compares entries with what the other files say, as a node does when it starts. A running one has done so."""
        report = self.report
        if report.holder is not None:
            return
        base = report.snapshots[-1].index if report.snapshots else 0
        for term, index in reader.terms.items():
            if report.term is not None and term > report.term and not self._too_old:
                self._too_old = f"says term {report.term}, but entry {index} in {name} is of term {term}"
        if not base and reader.segment.first_index == 1 and reader.first_kind != "configuration":
            self._damage(
                name, f"the log begins with a {reader.first_kind} and not with the members: a node refuses to start"
            )
        for configuration in reader.configurations:
            if not configuration.members and configuration.index > base:
                self._damage(name, f"its entry {configuration.index} has no members: a node refuses to start")

    def _size(self, name: str, *, on_disk: bool = False) -> int:
        try:
            status = os.stat(self._directory / name)
        except FileNotFoundError:
            return 0
        return status.st_blocks * 512 if on_disk else status.st_size

    def _vanished(self, name: str) -> None:
        self._note(name, "went away while it was being read: the node is running")

    def _damage(self, file: str, text: str) -> None:
        self.report.damage.append(Finding(file, text))

    def _note(self, file: str, text: str) -> None:
        self.report.notes.append(Finding(file, text))


def inspect(directory: Path, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Reads a directory, of a node that is running or not, and changes nothing in it.

    Args:
        directory: of one node.
        progress: is told how many more bytes have been read, each time some have.

    Raises:
        OSError: it cannot be read.
    """
    inspection = _Inspection(directory, progress)
    inspection.run()
    return inspection.report
