# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy recover DIR --salvage OUT`: SQLite files out of directories with which a node starts, or does not."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dqlitepy as dq
import pytest
from dqlitepy._disk.rows import save_rows

from tests.cli.command import dqlitepy, fail
from tests.directories import snapshots
from tests.forgery import PAGE, content_of, forge, wreck_page
from tests.support import run_python

ROWS = 700
FEW_ROWS = 300
FRAME_HEADER = 15  # bytes of a compressed file, before the first block

# With ROWS two snapshots, of the entries 512 and 1024, and the log behind the first one; with FEW_ROWS one, and all of
# the log. A WAL-index never comes into it.
FILL = """
import os, sys, dqlitepy
con = dqlitepy.connect(sys.argv[1], isolation_level=None)
con.execute("CREATE TABLE t (n INTEGER, noise BLOB)")
con.execute("CREATE INDEX by_n ON t (n)")
con.execute("CREATE TABLE pairs (a TEXT PRIMARY KEY, b) WITHOUT ROWID")
con.execute("CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, text)")
con.execute("CREATE VIEW v AS SELECT n FROM t")
con.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
con.execute("INSERT INTO pairs VALUES ('one', 1), ('two', 2)")
con.execute("INSERT INTO counted VALUES (7, 'seven')")
con.execute("INSERT INTO words VALUES ('all of these words'), ('and these')")
other = dqlitepy.connect(sys.argv[1], name="dir/other.db", isolation_level=None)
other.execute("CREATE TABLE u (n)")
gone = dqlitepy.connect(sys.argv[1], name="gone", isolation_level=None)
gone.execute("CREATE TABLE x (n)")
gone.execute("BEGIN IMMEDIATE")
gone.execute("PRAGMA delete_database")
gone.execute("COMMIT")
gone.close()
for n in range(int(sys.argv[2])):
    con.execute("INSERT INTO t VALUES (?, ?)", (n, os.urandom(200)))
    other.execute("INSERT INTO u VALUES (?)", (n,))
if sys.argv[3:] == ["crash"]:
    os._exit(0)
other.close()
con.close()
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("original") / "data"
    run_python(FILL, str(directory), str(ROWS))
    return directory


@pytest.fixture
def directory(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "data")


@pytest.fixture(scope="module")
def original_of_few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("few") / "data"
    run_python(FILL, str(directory), str(FEW_ROWS))
    return directory


@pytest.fixture
def with_few(original_of_few: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original_of_few, tmp_path / "data")


def salvage(directory: Path, status: int) -> dict[str, Any]:
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    output = directory.parent / "saved"
    result = dqlitepy("recover", directory, "--salvage", output, "--json")
    assert (result.returncode, result.stderr) == (status, ""), result
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before
    report: dict[str, Any] = json.loads(result.stdout)
    assert sorted(path.name for path in output.iterdir()) == sorted(Path(file["file"]).name for file in report["files"])
    return report


def read(path: Path, statement: str) -> list[tuple[Any, ...]]:
    con = sqlite3.connect(path)
    try:
        assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return con.execute(statement).fetchall()
    finally:
        con.close()


def whole(directory: Path, rows: int = ROWS) -> None:
    """All rows of both databases are there, and nothing of the one that was deleted."""
    saved = directory.parent / "saved"
    assert read(saved / "main.db", "SELECT n FROM v ORDER BY n") == [(n,) for n in range(rows)]
    assert read(saved / "main.db", "SELECT sum(length(noise)) FROM t") == [(rows * 200,)]
    assert read(saved / "dir_other.db", "SELECT n FROM u ORDER BY n") == [(n,) for n in range(rows)]
    assert len(list(saved.iterdir())) == 2
    assert (saved / "main.db").read_bytes()[18:20] == b"\x01\x01"  # no WAL belongs to it


def test_a_sound_directory(directory: Path) -> None:
    report = salvage(directory, 0)
    assert report["missing"] == []
    assert {file["database"] for file in report["files"]} == {"main", "dir/other.db"}
    whole(directory)


def test_the_directory_of_a_node_that_was_killed(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    run_python(FILL, str(directory), str(ROWS), "crash")
    salvage(directory, 0)
    whole(directory)


@pytest.mark.parametrize("how", ["malformed", "unreadable"])
def test_the_log_makes_up_for_the_newest_snapshot(directory: Path, how: str) -> None:
    newest = snapshots(directory)[-1]
    if how == "malformed":
        forge(newest, wreck_leaf)
        with pytest.raises(dq.OperationalError):
            dq.connect(directory)
    else:
        newest.write_bytes(newest.read_bytes()[:5000])
    report = salvage(directory, 0)
    assert {file["snapshot"] for file in report["files"]} == {snapshots(directory)[0].name}
    whole(directory)


def test_a_log_that_reaches_back_to_the_beginning_needs_no_snapshot(with_few: Path) -> None:
    for path in with_few.glob("snapshot-*"):
        path.unlink()
    report = salvage(with_few, 0)
    assert {file["snapshot"] for file in report["files"]} == {None}
    whole(with_few, FEW_ROWS)


def wreck_leaf(content: bytearray) -> None:
    """Makes a page unreadable in which only rows are, of `t`, and to which nothing is written any more."""
    start = content.index(b"SQLite format 3\0")
    count = int.from_bytes(content[start + 28 : start + 32], "big")
    pages = {number: content[start + (number - 1) * PAGE : start + number * PAGE] for number in range(2, count + 1)}
    leaves = [number for number, page in pages.items() if page[0] == 0x0D and page.count(0) < 400]
    wreck_page(leaves[len(leaves) // 3])(content)


def drop_the_log_before(snapshot: Path) -> None:
    for path in snapshot.parent.glob("0*-0*"):
        if int(path.name.split("-")[1]) <= int(snapshot.name.split("-")[2]):
            path.unlink()


def leave_only_the_newest(directory: Path) -> Path:
    """Leaves a directory only the newest snapshot, and what the log has behind it."""
    older, newest = snapshots(directory)
    for path in (older, older.with_name(older.name + ".meta")):
        path.unlink()
    drop_the_log_before(newest)
    return newest


def test_rows_of_a_malformed_database(directory: Path) -> None:
    """A page cannot be read, its rows are nowhere else, and all the others are saved."""
    newest = leave_only_the_newest(directory)
    forge(newest, wreck_leaf)
    report = salvage(directory, 1)
    (main,) = (file for file in report["files"] if file["database"] == "main")
    (other,) = (file for file in report["files"] if file["database"] == "dir/other.db")
    assert other["lost"] == []
    assert "the database is malformed" in main["lost"][0]
    assert any("table t: what there was from rowid" in text for text in main["lost"])
    saved = directory.parent / "saved" / "main.db"
    found = [n for (n,) in read(saved, "SELECT n FROM t ORDER BY rowid")]
    assert found == sorted(set(found))
    assert found[-1] == ROWS - 1
    assert ROWS - 40 < len(found) < ROWS
    assert read(saved, "SELECT count(*) FROM t WHERE n + 1 != rowid") == [(0,)]
    assert read(saved, "SELECT * FROM pairs") == [("one", 1), ("two", 2)]
    assert read(saved, "SELECT * FROM counted") == [(7, "seven")]
    assert read(saved, "SELECT seq FROM sqlite_sequence") == [(7,)]
    assert read(saved, "SELECT n FROM v LIMIT 1") == [(0,)]
    assert read(saved, "SELECT count(*) FROM t INDEXED BY by_n WHERE n >= 0") == [(len(found),)]
    assert read(saved, "SELECT text FROM words WHERE words MATCH 'all'") == [("all of these words",)]


def misplace_leaves(content: bytearray) -> None:
    """Puts the first leaf of `t`, whose root is page 2, in the place of two others, and wrecks the one behind them."""
    start = content.index(b"SQLite format 3\0")
    root = start + PAGE
    cells = [int.from_bytes(content[root + at : root + at + 2], "big") for at in range(12, 12 + 2 * 12, 2)]
    leaves = [start + (int.from_bytes(content[root + at : root + at + 4], "big") - 1) * PAGE for at in cells]
    assert {content[leaf] for leaf in leaves} == {0x0D}
    for leaf in leaves[8:10]:
        content[leaf : leaf + PAGE] = content[leaves[0] : leaves[0] + PAGE]
    content[leaves[10] : leaves[10] + 8] = b"\xff" * 8


def test_pages_that_are_not_in_their_places_end_no_search(directory: Path) -> None:
    """Behind a rowid comes a lower one: to go on from there would be to go in circles."""
    forge(leave_only_the_newest(directory), misplace_leaves)
    salvage(directory, 1)
    found = [n for (n,) in read(directory.parent / "saved" / "main.db", "SELECT n FROM t ORDER BY rowid")]
    assert found == sorted(set(found))
    assert found[-1] == ROWS - 1
    assert ROWS - 80 < len(found) < ROWS


def test_a_damaged_definition_of_a_virtual_table_harms_no_other(tmp_path: Path) -> None:
    con = sqlite3.connect(tmp_path / "damaged.db", isolation_level=None)
    con.execute("CREATE TABLE t (n)")
    con.execute("INSERT INTO t VALUES (1)")
    con.execute("PRAGMA writable_schema = ON")
    con.execute("INSERT INTO sqlite_master VALUES ('table', 'w', 'w', 0, 'CREATE VIRTUAL TABLM w USING fts5 (text)')")
    con.close()
    saved = save_rows(tmp_path / "damaged.db", tmp_path / "saved.db")
    assert saved.rows == {"t": 1}
    assert [text.partition(":")[0] for text in saved.lost] == ["table w"]
    assert read(tmp_path / "saved.db", "SELECT n FROM t") == [(1,)]


def test_an_older_sound_state_comes_beside_the_rows_of_a_malformed_one(directory: Path) -> None:
    older, newest = snapshots(directory)
    forge(newest, wreck_leaf)
    for path in sorted(directory.glob("0*-0*")):
        first, last = map(int, path.name.split("-"))
        if int(older.name.split("-")[2]) < last and first <= int(newest.name.split("-")[2]):
            path.unlink()
    report = salvage(directory, 1)
    names = sorted(Path(file["file"]).name for file in report["files"])
    assert len(names) == 4
    (name,) = (name for name in names if name.startswith("main.as-of-entry-"))
    found = read(directory.parent / "saved" / name, "SELECT n FROM t ORDER BY rowid")
    assert found == [(n,) for n in range(len(found))]
    assert 200 < len(found) < ROWS


def flip_a_bit(path: Path) -> None:
    """Changes a bit of some row's noise, which nothing can compress."""
    file, content = bytearray(path.read_bytes()), content_of(path)
    middle = range(len(content) // 2, len(content) - 32)
    at = next(at for start in middle if (at := file.find(content[start : start + 32])) >= 0)
    file[at + 16] ^= 0x10
    path.write_bytes(file)


def cut_the_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def damage_a_block(path: Path) -> None:
    """Makes of the second block one that cannot be decoded from its beginning on."""
    content = bytearray(path.read_bytes())
    second = FRAME_HEADER + 4 + int.from_bytes(content[FRAME_HEADER : FRAME_HEADER + 4], "little")
    content[second + 4 : second + 304] = b"\xff" * 300
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "where", "least"),
    [
        (flip_a_bit, r"its content of \d+ bytes does not match its checksum", ROWS - 1),
        (cut_the_end, r"it ends at byte \d+, after \d+ of \d+ bytes of its content", 280),
        (damage_a_block, r"block 2 at byte \d+, the bytes 65536 to 131071 of its content, decodes only to 0 of", 200),
    ],
)
def test_what_is_left_of_damaged_snapshots(
    directory: Path, damage: Callable[[Path], None], where: str, least: int
) -> None:
    """None is sound, and the log does not go back to the beginning: what can be read is saved all the same."""
    newest = snapshots(directory)[-1]
    drop_the_log_before(newest)
    for path in snapshots(directory):
        damage(path)
    report = salvage(directory, 1)
    (main,) = (file for file in report["files"] if Path(file["file"]).name == "main.db")
    assert main["snapshot"] == newest.name
    assert any(re.match(f"{newest.name} is damaged: ({where})", text) for text in main["lost"]), main["lost"]
    assert report["missing"] == []
    rows = read(directory.parent / "saved" / "main.db", "SELECT n, rowid, length(noise) FROM t ORDER BY rowid")
    assert len({n for n, _, _ in rows}) >= least  # with a block go also rows behind it, of which parts refer to it
    assert rows[-1] == (ROWS - 1, ROWS, 200)  # the log is applied
    # Of those that were read from a page that was damaged some may be wrong.
    assert sum((n, length) != (rowid - 1, 200) for n, rowid, length in rows) < 40


def test_a_sound_older_snapshot_goes_before_a_damaged_one(directory: Path) -> None:
    """It has the plain name, and the newer entries, which only the damaged one has, come beside it."""
    older, newest = snapshots(directory)
    for segment in [*directory.glob("0*-0*"), *directory.glob("open-*")]:  # one of them may begin before the older one
        segment.unlink()
    flip_a_bit(newest)
    report = salvage(directory, 1)
    found = {Path(file["file"]).name: file for file in report["files"] if file["database"] == "main"}
    assert found["main.db"]["snapshot"] == older.name
    (beside,) = (file for name, file in found.items() if name.startswith("main.as-of-entry-"))
    assert beside["snapshot"] == newest.name
    assert beside["last_index"] > found["main.db"]["last_index"]


def test_nothing_that_can_be_read(directory: Path) -> None:
    for path in directory.glob("0*-0*"):
        path.unlink()
    for path in snapshots(directory):
        path.write_bytes(b"\xa5\x17\x40" * 30_000)
    output = directory.parent / "saved"
    said = fail("recover", directory, "--salvage", output)
    assert "has nothing that can be read: " in said
    for path in snapshots(directory):
        assert f"{path.name}: it does not begin as a compressed file; block 1 at byte 15" in said
    assert not output.exists()


def test_a_gap_in_the_log_is_told(with_few: Path) -> None:
    for path in with_few.glob("snapshot-*"):
        path.unlink()
    _, second, third, *_ = sorted(with_few.glob("0*-0*"))
    second.unlink()
    report = salvage(with_few, 1)
    first_missing, last_missing = second.name.split("-")
    assert report["missing"] == [f"the entries {int(first_missing)} to {int(last_missing)}, and so all behind them"]
    assert int(third.name.split("-")[0]) == int(last_missing) + 1
    assert {file["last_index"] for file in report["files"]} <= {int(first_missing) - 1}


@pytest.mark.parametrize("more", [b"x" * 100, b"", bytes(4096)], ids=["rubbish", "itself", "zeros"])
def test_what_stands_behind_the_end_of_a_segment_costs_none_that_follow(with_few: Path, more: bytes) -> None:
    for path in with_few.glob("snapshot-*"):
        path.unlink()
    second = sorted(with_few.glob("0*-0*"))[1]
    content = second.read_bytes()
    second.write_bytes(content + (more or content))
    report = salvage(with_few, 1)
    (missing,) = report["missing"]
    assert missing.startswith(f"{second.name}: what stands behind its last entry: ")
    whole(with_few, FEW_ROWS)


def test_refusals(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    assert "already exists" in fail("recover", directory, "--salvage", tmp_path / "there")
    assert "one directory" in fail("recover", directory, directory, "--salvage", tmp_path / "new")
    (tmp_path / "empty").mkdir()
    assert "nothing that can be read" in fail("recover", tmp_path / "empty", "--salvage", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    con = dq.connect(directory)
    assert "in use" in fail("recover", directory, "--salvage", tmp_path / "new")
    con.close()
