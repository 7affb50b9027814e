# SPDX-License-Identifier: Apache-2.0
"""Files of a node that are damaged, cut short or gone: it does not start, and tells which file it is and what to do."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import dqlitepy
import pytest

from tests.directories import contents, snapshots
from tests.support import run_python

ROWS = 1200
MAKE = f"""
import os, sys
import dqlitepy
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
con.execute("CREATE TABLE t (a, b)")
for n in range({ROWS}):  # until there are two snapshots
    con.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 500))
if sys.argv[2] == "killed":
    os._exit(0)
con.close()
"""

Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with the directories of a node that was closed and of one that was killed."""
    folder = tmp_path_factory.mktemp("originals")
    for how in ("closed", "killed"):
        run_python(MAKE, str(folder / how), how)
    return folder


def flip(offset: int) -> Harm:
    """Inverts eight bytes."""

    def harm(path: Path) -> None:
        with open(path, "r+b") as file:
            file.seek(offset)
            data = file.read(8)
            file.seek(offset)
            file.write(bytes(255 - byte for byte in data))

    return harm


def cut(size: int) -> Harm:
    """Cuts a file off."""
    return lambda path: os.truncate(path, size)


def noise(path: Path) -> None:
    """Replaces what is in a file."""
    path.write_bytes(bytes(range(256)) * 64)


def one_digit(path: Path) -> None:
    """Makes another id of a node's, which can be read as well."""
    path.write_bytes(path.read_bytes().replace(b"ID: 3", b"ID: 4"))


def segments(directory: Path) -> list[str]:
    """Returns the names of the closed segments in their order."""
    return sorted(path.name for path in directory.glob("0*-0*"))


def last_metadata(directory: Path) -> str:
    """Leaves one of two files that hold the same but for the last vote; either is enough for a start."""
    (directory / "metadata2").unlink()
    return "metadata1"


DAMAGE: dict[str, tuple[Callable[[Path], str], Harm]] = {
    "a bit of the newest snapshot": (lambda directory: snapshots(directory)[-1].name, flip(40)),
    "the magic of the newest snapshot": (lambda directory: snapshots(directory)[-1].name, flip(0)),
    "half of the newest snapshot": (lambda directory: snapshots(directory)[-1].name, cut(5000)),
    "a bit of its description": (lambda directory: snapshots(directory)[-1].name + ".meta", flip(40)),
    "half of its description": (lambda directory: snapshots(directory)[-1].name + ".meta", cut(36)),
    "a bit of the first segment": (lambda directory: segments(directory)[0], flip(40)),
    "a bit of the last segment": (lambda directory: segments(directory)[-1], flip(40_000)),
    "half of the last segment": (lambda directory: segments(directory)[-1], cut(50_000)),
    "the whole last segment": (lambda directory: segments(directory)[-1], cut(0)),
    "noise as the last segment": (lambda directory: segments(directory)[-1], noise),
    "metadata gone": (last_metadata, os.unlink),
    "half of the metadata": (last_metadata, cut(16)),
    "noise as metadata": (lambda directory: "metadata1", noise),
    "info gone": (lambda directory: "info.yaml", os.unlink),
    "no info": (lambda directory: "info.yaml", cut(0)),
    "another id": (lambda directory: "info.yaml", one_digit),
    "noise as info": (lambda directory: "info.yaml", noise),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(originals: Path, tmp_path: Path, name: str) -> None:
    directory = tmp_path / "data"
    shutil.copytree(originals / "closed", directory)
    file, harm = DAMAGE[name][0](directory), DAMAGE[name][1]
    harm(directory / file)
    before = contents(directory)
    for _ in range(2):  # the first attempt makes nothing worse
        with pytest.raises(dqlitepy.OperationalError) as caught:
            dqlitepy.connect(directory)
        assert file in str(caught.value)
        assert "estore" in str(caught.value)
    assert contents(directory) == before


@pytest.mark.parametrize("what", ["snapshot", "description"])
def test_the_way_out_of_a_damaged_snapshot(originals: Path, tmp_path: Path, what: str) -> None:
    """The log reaches behind the snapshot before it, so nothing is lost."""
    directory = tmp_path / "data"
    shutil.copytree(originals / "closed", directory)
    newest = snapshots(directory)[-1].name
    flip(40)(directory / (newest if what == "snapshot" else newest + ".meta"))
    with pytest.raises(dqlitepy.OperationalError, match="of a snapshot also its .meta"):
        dqlitepy.connect(directory)
    for name in (newest, newest + ".meta"):
        (directory / name).rename(tmp_path / name)
    assert rows(directory) == list(range(ROWS))


def test_the_way_out_of_a_damaged_segment(originals: Path, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    shutil.copytree(originals / "closed", directory)
    last = segments(directory)[-1]
    flip(40)(directory / last)
    with pytest.raises(dqlitepy.OperationalError, match="what only they held is lost"):
        dqlitepy.connect(directory)
    (directory / last).rename(tmp_path / last)
    found = rows(directory)
    assert found == list(range(len(found)))
    assert 900 < len(found) < ROWS


def rows(directory: Path) -> list[int]:
    """Returns the rows of a database that opens."""
    con = dqlitepy.connect(directory)
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = [a for (a,) in con.execute("SELECT a FROM t ORDER BY rowid")]
    con.execute("INSERT INTO t VALUES (-1, '')")
    con.commit()
    con.close()
    return found


HARMLESS: dict[str, tuple[str, Harm]] = {
    "the list of servers gone": ("cluster.yaml", os.unlink),
    "noise as the list of servers": ("cluster.yaml", noise),
    "the lock gone": ("dqlite-lock", os.unlink),
    "noise as the holder": ("dqlitepy.pid", noise),
    "a holder that cannot be": ("dqlitepy.pid", lambda path: path.write_text("99999999999999999999\n")),
    "a holder of the kernel's": ("dqlitepy.pid", lambda path: path.write_text("-1\n")),
    "what a crash left": ("tmp-snapshot", noise),
    "what is none of ours": ("notes.txt", noise),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_a_node_can_do_without(originals: Path, tmp_path: Path, name: str) -> None:
    directory = tmp_path / "data"
    shutil.copytree(originals / "killed", directory)
    file, harm = HARMLESS[name]
    harm(directory / file)
    assert rows(directory) == list(range(ROWS))


def test_a_segment_that_a_crash_cut_short(originals: Path, tmp_path: Path) -> None:
    """The part of the last write that reached the disk was never acknowledged."""
    directory = tmp_path / "data"
    shutil.copytree(originals / "killed", directory)
    last = min(directory.glob("open-*"))
    written = len(last.read_bytes().rstrip(b"\0"))
    with open(last, "r+b") as file:
        file.seek(written - 100)
        file.write(bytes(100))
    assert rows(directory) == list(range(ROWS - 1))


def test_an_open_segment_that_is_shorter_than_it_was(originals: Path, tmp_path: Path) -> None:
    """As where the power fails in the middle of a write: what was written before is there. It had aborted before."""
    directory = tmp_path / "data"
    shutil.copytree(originals / "killed", directory)
    last = min(directory.glob("open-*"))
    os.truncate(last, len(last.read_bytes().rstrip(b"\0")) - 100)
    assert rows(directory) == list(range(ROWS - 1))


@pytest.mark.parametrize("at", [40, 5_000, 40_000])
def test_acknowledged_rows_behind_a_bad_bit_are_not_dropped_in_silence(
    originals: Path, tmp_path: Path, at: int
) -> None:
    directory = tmp_path / "data"
    shutil.copytree(originals / "killed", directory)
    last = min(directory.glob("open-*"))
    flip(at)(last)
    before = contents(directory)
    with pytest.raises(dqlitepy.OperationalError, match=rf"{last.name}: .*good entries follow") as caught:
        dqlitepy.connect(directory)
    assert contents(directory) == before
    damage = re.search(r"at byte (\d+)", str(caught.value))
    assert damage is not None
    if damage.group(1) == "8":  # nothing before it: the ways out that it names
        last.rename(tmp_path / last.name)
    else:
        os.truncate(last, int(damage.group(1)))
    found = rows(directory)
    assert found == list(range(len(found)))


def test_noise_in_an_open_segment(originals: Path, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    shutil.copytree(originals / "killed", directory)
    last = min(directory.glob("open-*"))
    noise(last)
    with pytest.raises(dqlitepy.OperationalError, match=rf"{last.name}: .*Restore"):
        dqlitepy.connect(directory)


def test_a_link_to_itself_and_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(dqlitepy.OperationalError, match="Too many levels of symbolic links"):
        dqlitepy.connect(tmp_path / "loop")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(dqlitepy.OperationalError, match="It is a link to nothing"):
        dqlitepy.connect(tmp_path / "link")
