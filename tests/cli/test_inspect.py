# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy inspect` on directories of real nodes, sound and damaged, held against what a node makes of them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dqlitepy as dq
import pytest
from dqlitepy._disk import directory as disk
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.lz4 import decompress
from dqlitepy._disk.snapshots import Snapshot, read_content

from tests import forgery
from tests.cli.command import dqlitepy, fail, succeed
from tests.directories import snapshots
from tests.forgery import TERM_AT, VERSION_AT, forge, set_metadata, sign_entry, sign_meta, wreck_page
from tests.support import run_python

ROWS = 700  # a snapshot is made every 512 entries

FILL = f"""
import glob, os, random, sys, time, dqlitepy
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
con.execute("CREATE TABLE t (n INTEGER, text TEXT, noise BLOB)")
for n in range({ROWS}):
    con.execute("INSERT INTO t VALUES (?, ?, ?)", (n, "the same again " * 10, random.Random(n).randbytes(100)))
    while n == 509 and not glob.glob(sys.argv[1] + "/snapshot-*-512-*.meta"):
        time.sleep(0.01)  # the next segment then begins where the snapshot ends, although that is checked meanwhile
if sys.argv[2:] == ["crash"]:
    os._exit(0)
con.close()
"""

COUNT = """
import sys, dqlitepy
try:
    con = dqlitepy.connect(sys.argv[1])
except dqlitepy.OperationalError as error:
    print("refused")
else:
    print(con.execute("SELECT count(*) FROM t").fetchone()[0])
    con.close()
"""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("stopped") / "data"
    run_python(FILL, str(directory))
    return directory


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("crashed") / "data"
    run_python(FILL, str(directory), "crash")
    return directory


def inspect(directory: Path, status: int = 0) -> dict[str, Any]:
    result = dqlitepy("inspect", directory, "--json")
    assert (result.returncode, result.stderr) == (status, ""), result
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def what_a_node_finds(directory: Path) -> str:
    return run_python(COUNT, str(directory)).strip()


def state_of(directory: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in directory.iterdir()
    }


def flip(file: Path, offset: int) -> None:
    content = bytearray(file.read_bytes())
    content[offset] ^= 0x10
    file.write_bytes(content)


def noise_in(snapshot: Path) -> int:
    """Where a row's noise is: any other byte may be one that can change without changing the content."""
    return snapshot.read_bytes().index(random.Random(200).randbytes(100)[10:90])


def closed(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.name[0].isdigit())


def newest_snapshot(directory: Path) -> Path:
    (path,) = snapshots(directory)
    return path


def test_a_stopped_node(stopped: Path) -> None:
    before = state_of(stopped)
    report = inspect(stopped)
    assert state_of(stopped) == before
    assert (report["damage"], report["notes"], report["holder"]) == ([], [], None)
    assert report["node"]["address"] == "dqlitepy-embedded"
    assert [member["id"] for member in report["members"]] == [report["node"]["id"]]
    assert [member["role"] for member in report["members"]] == ["voter"]
    assert report["term"] == report["last_term"] == 2
    # The bootstrap's configuration, CREATE TABLE, and each row.
    assert report["last_index"] == 2 + ROWS
    assert sum(segment["entries"] for segment in report["segments"]) == 2 + ROWS
    assert not any(segment["open"] for segment in report["segments"])
    assert all(item["verified"] for item in report["segments"] + report["snapshots"])
    (snapshot,) = report["snapshots"]
    assert (snapshot["index"], [database["name"] for database in snapshot["databases"]]) == (512, ["main"])
    assert report["disk_bytes"] == sum(path.stat().st_blocks * 512 for path in stopped.iterdir())


def test_a_crashed_node_has_open_segments(crashed: Path) -> None:
    report = inspect(crashed)
    assert report["last_index"] == 2 + ROWS
    open_ones = [segment for segment in report["segments"] if segment["open"]]
    assert [segment["last_index"] for segment in open_ones] == [2 + ROWS] + [None] * (len(open_ones) - 1)
    assert report["damage"] == []


def test_a_running_node_is_named(tmp_path: Path) -> None:
    con = dq.connect(tmp_path / "data")
    try:
        con.execute("CREATE TABLE t (n INTEGER)")
        report = inspect(tmp_path / "data")
        assert report["holder"] == f"process {os.getpid()}"
        assert report["last_index"] == 2
        assert report["damage"] == []
        con.execute("INSERT INTO t VALUES (1)")  # it goes on
    finally:
        con.close()


def test_for_people_it_says_the_same(stopped: Path) -> None:
    output = succeed("inspect", stopped)
    assert "not in use" in output
    assert f"last entry {2 + ROWS}, of term 2" in output
    assert "nothing is damaged" in output
    assert "\x1b" not in output


def test_what_is_no_nodes_directory_is_refused(tmp_path: Path) -> None:
    assert "does not hold a node's data" in fail("inspect", tmp_path)
    (tmp_path / "file").touch()
    assert "is not a directory" in fail("inspect", tmp_path / "file")


# Each: how to damage a copy of the directory, which file must be named and how, and what a node finds in it.
Damage = tuple[Callable[[Path], object], str, str, str]
REFUSED = "refused"
IN_A_STOPPED_ONE: dict[str, Damage] = {
    "data of an entry": (
        lambda d: flip(closed(d)[-1], 5000),
        "0000000000000513-",
        "does not match its checksum",
        REFUSED,
    ),
    "header of a batch": (
        lambda d: flip(closed(d)[-1], 16),
        "0000000000000513-",
        "header of batch 1 at byte 8",
        REFUSED,
    ),
    "checksum": (lambda d: flip(closed(d)[-1], 9), "0000000000000513-", "header of batch 1 at byte 8", REFUSED),
    "format": (lambda d: flip(closed(d)[-1], 0), "0000000000000513-", "format is 17", REFUSED),
    "cut segment": (
        lambda d: closed(d)[-1].write_bytes(closed(d)[-1].read_bytes()[:-100]),
        "0000000000000513-",
        "cut short",
        REFUSED,
    ),
    "empty segment": (lambda d: closed(d)[-1].write_bytes(b""), "0000000000000513-", "only 0 bytes", REFUSED),
    "wrong name": (
        lambda d: closed(d)[-1].rename(d / f"0000000000000513-{ROWS:016}"),
        "0000000000000513-",
        "instead of",
        REFUSED,
    ),
    "page of a database in a snapshot": (
        lambda d: forge(newest_snapshot(d), wreck_page(2)),
        "snapshot-2-512-",
        "its database 'main' is malformed: ",
        REFUSED,
    ),
    "content of a snapshot": (
        lambda d: flip(newest_snapshot(d), noise_in(newest_snapshot(d))),
        "snapshot-2-512-",
        "the content does not match its checksum",
        REFUSED,
    ),
    "cut snapshot": (
        lambda d: newest_snapshot(d).write_bytes(newest_snapshot(d).read_bytes()[:-30]),
        "snapshot-2-512-",
        "cut short",
        REFUSED,
    ),
    "members in a snapshot": (
        lambda d: flip(newest_snapshot(d).with_name(newest_snapshot(d).name + ".meta"), 50),
        "snapshot-2-512-",
        "does not match its checksum",
        REFUSED,
    ),
    "long metadata": (
        lambda d: (d / "metadata1").write_bytes((d / "metadata1").read_bytes() + b"x"),
        "metadata1",
        "33 bytes",
        REFUSED,
    ),
    "term of metadata": (
        lambda d: set_metadata(d, TERM_AT, 1),
        "metadata",
        "says term 1, but entry 2 in 0000000000000002-0000000000000512 is of term 2",
        REFUSED,
    ),
    "impossible term of metadata": (lambda d: set_metadata(d, TERM_AT, 1 << 63), "metadata", "cannot be", REFUSED),
    "impossible version of metadata": (
        lambda d: set_metadata(d, VERSION_AT, 1 << 63),
        "metadata",
        "cannot be",
        REFUSED,
    ),
    "members of no entry in a snapshot": (lambda d: sign_meta(d, 513), "snapshot-2-512-", "as of entry 513", REFUSED),
    "entry without a term": (
        lambda d: sign_entry(closed(d)[-1], term=0),
        "0000000000000513-",
        "an entry of term 0",
        REFUSED,
    ),
    "entry of a later term": (
        lambda d: sign_entry(closed(d)[-1], term=3),
        "metadata",
        "says term 2, but entry 513 in 0000000000000513-",
        REFUSED,
    ),
    "no members": (forgery.begin_with_a_barrier, "0000000000000001-", "the log begins with a barrier", REFUSED),
    "log behind the snapshot": (forgery.end_before_the_snapshot, "open-1", "before that of the snapshot", REFUSED),
    "format of metadata": (lambda d: flip(d / "metadata1", 0), "metadata1", "format is 17", REFUSED),
    "missing info.yaml": (lambda d: (d / "info.yaml").unlink(), "info.yaml", "is missing", REFUSED),
    "damaged info.yaml": (lambda d: (d / "info.yaml").write_text("ID: [1"), "info.yaml", "it must hold ID", REFUSED),
}


@pytest.mark.parametrize("name", IN_A_STOPPED_ONE)
def test_damage_in_a_stopped_directory(stopped: Path, tmp_path: Path, name: str) -> None:
    damage, file, text, found = IN_A_STOPPED_ONE[name]
    directory = shutil.copytree(stopped, tmp_path / "data")
    damage(directory)
    before = state_of(directory)
    (finding,) = inspect(directory, status=1)["damage"]
    assert finding["file"].startswith(file)
    assert text in finding["text"]
    assert state_of(directory) == before
    assert what_a_node_finds(directory) == found


def test_a_missing_segment_is_a_gap(stopped: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(stopped, tmp_path / "data")
    newest_snapshot(directory).unlink()  # of which only the .meta is left: a note
    _, second, *_ = closed(directory)
    second.unlink()
    report = inspect(directory, status=1)
    assert "entries 2 to 512 before it are missing" in report["damage"][0]["text"]
    assert "is of no use without" in report["notes"][0]["text"]
    assert what_a_node_finds(directory) == REFUSED


def test_a_gap_that_the_snapshot_fills_is_no_damage(stopped: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(stopped, tmp_path / "data")
    _, second, third = closed(directory)
    assert third.name.startswith("0000000000000513-")
    second.unlink()
    (note,) = inspect(directory)["notes"]
    assert (note["file"], "the snapshot has what is before it" in note["text"]) == (third.name, True)
    assert what_a_node_finds(directory) == str(ROWS)


def test_segments_that_overlap_are_damage(stopped: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(stopped, tmp_path / "data")
    for snapshot in directory.glob("snapshot-*"):
        snapshot.unlink()
    last = closed(directory)[-1]
    last.rename(directory / f"0000000000000500-{ROWS + 2 - 13:016}")
    (finding,) = inspect(directory, status=1)["damage"]
    assert "does not go on where the one before it ended" in finding["text"]
    assert what_a_node_finds(directory) == REFUSED


def test_an_open_segment_that_is_damaged_in_the_middle(crashed: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(crashed, tmp_path / "data")
    segment = min(directory.glob("open-*"))
    flip(segment, 400_000)
    (finding,) = inspect(directory, status=1)["damage"]
    assert finding["file"] == segment.name
    assert "good entries follow" in finding["text"]
    assert what_a_node_finds(directory) == "refused"


def test_a_write_that_a_crash_cut_short_is_no_damage(crashed: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(crashed, tmp_path / "data")
    segment = min(directory.glob("open-*"))
    content = segment.read_bytes()
    end = len(content.rstrip(b"\0"))
    segment.write_bytes(content[: end - 300].ljust(len(content), b"\0"))
    report = inspect(directory)
    (note,) = report["notes"]
    assert "cut short by a crash" in note["text"]
    assert report["last_index"] == 2 + ROWS - 1
    assert what_a_node_finds(directory) == str(ROWS - 1)


def test_metadata_that_a_crash_cut_short_is_no_damage(crashed: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(crashed, tmp_path / "data")
    (directory / "metadata2").write_bytes(b"\1\0\0")
    (note,) = inspect(directory)["notes"]
    assert note["file"] == "metadata2"
    assert what_a_node_finds(directory) == str(ROWS)


def test_every_flipped_bit_that_changes_a_snapshot_is_found(stopped: Path, tmp_path: Path) -> None:
    snapshot = Path(shutil.copy(newest_snapshot(stopped), tmp_path))
    content = snapshot.read_bytes()
    whole = b"".join(decompress(io.BytesIO(content)))
    for offset in sorted({*range(40), *range(0, len(content), 2003), *range(len(content) - 20, len(content))}):
        flip(snapshot, offset)
        with open(snapshot, "rb") as file:
            try:
                read_content(Snapshot("", 0, 0, 0, 0), file, lambda _: None)
            except Damaged:
                pass
            else:  # where text repeats itself, a reference a little further back finds the same
                file.seek(0)
                assert b"".join(decompress(file)) == whole, offset
        snapshot.write_bytes(content)


def test_whatever_is_in_the_files_there_is_a_report(stopped: Path, tmp_path: Path) -> None:
    """Garbage of any kind is told, and ends in no other exception, endless loop or giant allocation."""
    chance = random.Random(7)
    directory = shutil.copytree(stopped, tmp_path / "data")
    for file in sorted(directory.iterdir()):
        content = file.read_bytes()
        for _ in range(8):
            damaged = bytearray(content)
            for _ in range(chance.choice((1, 3, 50))):
                position = chance.randrange(min(len(damaged), 400)) if damaged else 0
                damaged[position : position + chance.choice((1, 8))] = chance.randbytes(chance.choice((0, 1, 8)))
            file.write_bytes(damaged[: chance.choice((0, 7, 20, 31, len(damaged), len(damaged)))])
            assert len(disk.inspect(directory).segments) == len(closed(directory)), file
        file.write_bytes(content)
    assert disk.inspect(directory).damage == []


def test_an_index_that_lacks_rows(stopped: Path, tmp_path: Path) -> None:
    """A node's quick_check counts them, also where that of Python's SQLite does not."""
    directory = shutil.copytree(stopped, tmp_path / "data")
    path = tmp_path / "indexed.db"
    con = sqlite3.connect(path)
    con.executescript(
        """
        PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE t (n); CREATE INDEX i ON t (n);
        CREATE TABLE other (n); CREATE INDEX j ON other (n); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
        CREATE TEMP TABLE root AS SELECT name, rootpage FROM sqlite_master WHERE type = 'index';
        UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM root WHERE root.name != sqlite_master.name)
        WHERE type = 'index';
        """
    )
    con.close()

    def replace(content: bytearray) -> None:
        database = path.read_bytes()
        content[24:32] = len(database).to_bytes(8, "little")
        content[40:] = database

    forge(newest_snapshot(directory), replace)
    (finding,) = inspect(directory, status=1)["damage"]
    assert "wrong # of entries in index" in finding["text"]
    assert "a node refuses to start" in finding["text"]
