# SPDX-License-Identifier: Apache-2.0
"""Files whose checksums are right and whose content is not end no node: it says what is wrong, and does not start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.directories import snapshots
from tests.forgery import forge, forge_description, forge_metadata, forge_segment
from tests.patches.node import NodeProcess
from tests.patches.peer import Kind, configuration, frames, page_one, snapshot

ROWS = 600  # a snapshot is made after 512
TERM = 1

Forgery = Callable[[Path], object]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the directory of a node that has stopped, with one snapshot."""
    directory = tmp_path_factory.mktemp("original") / "data"
    node = NodeProcess(directory)
    with node.client() as client:
        client.execute("CREATE TABLE t (a)")
        for _ in range(ROWS):
            client.execute("INSERT INTO t VALUES (1)")
    node.wait_for_snapshot()
    assert node.stop() == 0
    return directory


def newest(directory: Path) -> Path:
    """Returns the snapshot."""
    (path,) = snapshots(directory)
    return path


def next_index(directory: Path) -> int:
    """Returns the index that the log has no entry of."""
    return max(int(path.name.split("-")[1]) for path in directory.glob("0*-0*")) + 1


def entry(kind: int, content: bytes, *, term: int = TERM) -> Forgery:
    """Appends one entry to the log."""
    return lambda directory: forge_segment(directory, next_index(directory), [(term, kind, content)])


def command(content: bytes) -> Forgery:
    """Appends a command to the log."""
    return entry(Kind.COMMAND, content)


def content(data: bytes) -> Forgery:
    """Puts this into the snapshot."""

    def change(old: bytearray) -> None:
        old[:] = data

    return lambda directory: forge(newest(directory), change)


def description(servers: bytes, *, index: int = 1) -> Forgery:
    """Changes what is said of the snapshot."""
    return lambda directory: forge_description(Path(f"{newest(directory)}.meta"), servers, index=index)


def named(name: str) -> Forgery:
    """Lets a segment have this name."""
    return lambda directory: forge_segment(
        directory, next_index(directory), [(TERM, Kind.BARRIER, bytes(8))], name=name
    )


def rename_snapshot(term: str | None = None, index: str | None = None) -> Forgery:
    """Lets the snapshot be of another entry."""

    def change(directory: Path) -> None:
        path = newest(directory)
        parts = path.name.split("-")
        name = "-".join([parts[0], term or parts[1], index or parts[2], parts[3]])
        Path(f"{path}.meta").rename(directory / f"{name}.meta")
        path.rename(directory / name)

    return change


BASE = page_one()
SERVERS = configuration((1, "127.0.0.1:1"))

# Each with what is said of it.
FORGERIES: dict[str, tuple[Forgery, str]] = {
    "a command that is none": (command(b"\xff" * 64), "no command of this format"),
    "a command of one word": (command(bytes(8)), "no command of this format"),
    "a command of no type": (command(b"\x01\x09" + bytes(14)), "no command that there is"),
    "a command that is cut short": (command(frames([(1, BASE)])[:24]), "cut short"),
    "no pages": (command(frames([])), "a transaction without pages"),
    "2^32 pages": (command(frames([(1, BASE)], count=0xFFFFFFFF)), "more pages or fewer"),
    "pages of another size": (command(frames([(1, BASE[:512])], page=512)), "pages of another size"),
    "page zero": (command(frames([(0, BASE)])), "a number that cannot be"),
    "page 2^31": (command(frames([(1 << 31, BASE)])), "a number that cannot be"),
    "a first page of noise": (command(frames([(1, b"\x77" * 4096)])), "none of SQLite's"),
    "a first page of zeros": (command(frames([(1, bytes(4096))])), "none of SQLite's"),
    "a first page of small pages": (command(frames([(1, page_one(page_size=512))])), "another size"),
    "a database without a WAL": (command(frames([(1, page_one(version=1))])), "without a WAL"),
    "a database of 2^32 pages": (command(frames([(1, page_one(size=0xFFFFFFFF))])), "does not fit its database"),
    "a database without its last page": (
        command(frames([(1, page_one(size=2))], database=b"other")),
        "does not fit its database",
    ),
    "a database without a page in between": (
        command(frames([(1, page_one(size=3)), (3, BASE)], database=b"other")),
        "does not fit its database",
    ),
    "a deletion among other pages": (command(frames([(1, page_one(size=0)), (2, BASE)])), "the deletion of a database"),
    "a database in memory": (command(frames([(1, BASE)], database=b":memory:")), "no database may be called"),
    "a database without a name": (command(frames([(1, BASE)], database=b"")), "no database may be called"),
    "half of a transaction": (command(frames([(1, BASE)], commit=0)), "a part of a transaction"),
    "an entry without content": (entry(Kind.BARRIER, b""), "without a term, a type or content"),
    "an entry of thirteen bytes": (entry(Kind.COMMAND, b"x" * 13), "without a term, a type or content"),
    "an entry of no kind": (entry(9, bytes(8)), "without a term, a type or content"),
    "an entry of term zero": (entry(Kind.BARRIER, bytes(8), term=0), "without a term, a type or content"),
    "an entry of a term to come": (entry(Kind.BARRIER, bytes(8), term=99), "has term 99, but the metadata has 2"),
    "a configuration that is cut short": (entry(Kind.CHANGE, configuration((1, "x"), count=3)), "cannot be read"),
    "a configuration without servers": (entry(Kind.CHANGE, configuration()), "without servers"),
    "a segment that begins with entry zero": (named(f"{0:016}-{5:016}"), "persisted data is corrupted"),
    "a segment that ends before it begins": (named(f"{900:016}-{3:016}"), "persisted data is corrupted"),
    "a segment that says it has 2^64 entries": (
        lambda directory: forge_segment(
            directory, next_index(directory), [], name=f"{next_index(directory):016}-{10**16 - 1}"
        ),
        "is zero",
    ),
    "a snapshot without a word": (content(b""), "bytes"),
    "a snapshot of thirteen bytes": (content(b"x" * 13), "no whole number of words"),
    "a snapshot of no format": (content(snapshot(format=9)), "its format is 9"),
    "a snapshot of databases that are not there": (content(snapshot(count=1 << 60)), "cannot be in"),
    "a snapshot of noise": (content(snapshot((b"main", b"\x77" * 4096))), "database 1 of 1"),
    "a snapshot of small pages": (content(snapshot((b"main", page_one(page_size=512, size=8)))), "database 1 of 1"),
    "a snapshot without a WAL": (content(snapshot((b"main", page_one(version=1)))), "database 1 of 1"),
    "a snapshot of a database in memory": (content(snapshot((b":memory:", BASE))), "database 1 of 1"),
    "a snapshot of a database without a name": (content(snapshot((b"", BASE))), "database 1 of 1"),
    "a snapshot of a name without an end": (content(snapshot(count=1) + b"x" * 64), "database 1 of 1"),
    "a snapshot of entry zero": (rename_snapshot(index="0"), "there is no entry 0"),
    "a snapshot of term zero": (rename_snapshot(term="0"), "of term 0"),
    "a snapshot without servers": (description(configuration()), "a configuration of 0 servers"),
    "a snapshot with a configuration of entry zero": (description(SERVERS, index=0), "of entry 0"),
    "a snapshot with a configuration to come": (description(SERVERS, index=10**6), "of entry 1000000"),
    "metadata of the last term": (lambda directory: forge_metadata(directory, version=1, term=2**64 - 1), "cannot be"),
    "metadata of the last version": (
        lambda directory: forge_metadata(directory, version=2**64 - 1, term=1),
        "cannot be",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_files(original: Path, tmp_path: Path, name: str) -> None:
    directory = tmp_path / "data"
    shutil.copytree(original, directory)
    forgery, reason = FORGERIES[name]
    forgery(directory)
    with pytest.raises(RuntimeError) as refused:
        NodeProcess(directory, address=address_of(original))
    assert reason in str(refused.value)


def test_true_entries_are_taken(original: Path, tmp_path: Path) -> None:
    """The table above would also hold for a node that starts with nothing that the test has made."""
    directory = tmp_path / "data"
    shutil.copytree(original, directory)
    command(frames([(1, BASE)], database=b"other"))(directory)
    entry(Kind.BARRIER, bytes(8))(directory)
    node = NodeProcess(directory, address=address_of(original))
    try:
        with node.client(database="other") as other:
            assert other.scalar("SELECT count(*) FROM sqlite_schema") == 0
        with node.client() as client:
            assert client.scalar("SELECT count(*) FROM t") == ROWS
        assert node.stop() == 0
    except subprocess.TimeoutExpired:
        pytest.fail("the node does not stop")
    finally:
        node.kill()


def test_what_is_none_of_its_files(original: Path, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    shutil.copytree(original, directory)
    for name in ("x" * 127, "x" * 128, "x" * 255, "snapshot-" + "1" * 200 + ".meta", "open-" + "1" * 200):
        (directory / name).write_bytes(b"x")
    node = NodeProcess(directory, address=address_of(original))
    try:
        with node.client() as client:
            assert client.scalar("SELECT count(*) FROM t") == ROWS
        assert node.stop() == 0
    finally:
        node.kill()


def address_of(directory: Path) -> str:
    """Returns where the node of a directory listens."""
    for line in (directory / "info.yaml").read_text().splitlines():
        if line.startswith("Address: "):
            return line.split(": ", 1)[1].strip("'\"")
    raise AssertionError("the node has no address")
