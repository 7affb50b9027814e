# SPDX-License-Identifier: Apache-2.0
"""`drop`, `rename` and `restore --replace`: a database goes, moves, or comes back under its old name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.cli.command import fail, succeed
from tests.cli.nodes import ThreeNodes, three_nodes
from tests.cli.terminal import Terminal
from tests.support import HANG


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeNodes]:
    with three_nodes(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def fill(cluster: ThreeNodes, name: str) -> None:
    succeed("shell", cluster.servers, "--database", name, "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)")


def count(cluster: ThreeNodes, name: str) -> int:
    """Returns how many rows there are, -1 without the table."""
    with closing(dqlitepy.connect(f"dqlite://{cluster.servers}/{name}", leader_timeout=HANG)) as con:
        if not con.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            return -1
        return int(con.execute("SELECT count(*) FROM t").fetchone()[0])


def test_drop(cluster: ThreeNodes) -> None:
    fill(cluster, "doomed")
    fill(cluster, "kept")
    assert "this needs --yes" in fail("drop", cluster.servers, "--database", "doomed")
    assert count(cluster, "doomed") == 2
    assert succeed("drop", cluster.servers, "--database", "doomed", "--yes") == "doomed: dropped\n"
    assert (count(cluster, "doomed"), count(cluster, "kept")) == (-1, 2)
    assert "is empty" in fail("drop", cluster.servers, "--database", "doomed", "--yes")
    url = f"dqlite://{cluster.servers}/kept"
    assert json.loads(succeed("drop", url, "--yes", "--json")) == {"database": "kept", "objects": 1}
    assert count(cluster, "kept") == -1


def test_the_name_must_be_given(cluster: ThreeNodes) -> None:
    assert "is not named" in fail("drop", cluster.servers, "--yes")


def test_drop_asks_at_a_terminal(cluster: ThreeNodes) -> None:
    fill(cluster, "asked")
    for answer, status, left in ("y\n", 1, 2), ("asked\n", 0, -1):
        with Terminal("drop", cluster.servers, "--database", "asked") as terminal:
            terminal.expect("Type its name: ")
            terminal.press(answer)
            assert terminal.end()[0] == status
        assert count(cluster, "asked") == left


def test_what_was_dropped_comes_back_under_its_name(cluster: ThreeNodes, tmp_path: Path) -> None:
    fill(cluster, "back")
    succeed("backup", cluster.servers, tmp_path / "copy.db", "--database", "back")
    succeed("drop", cluster.servers, "--database", "back", "--yes")
    succeed("restore", tmp_path / "copy.db", cluster.servers, "--database", "back")
    assert count(cluster, "back") == 2


def test_restore_in_place_of_what_is_there(cluster: ThreeNodes, tmp_path: Path) -> None:
    fill(cluster, "replaced")
    arguments = (tmp_path / "copy.db", cluster.servers, "--database", "replaced")
    succeed("backup", cluster.servers, tmp_path / "copy.db", "--database", "replaced")
    succeed("shell", cluster.servers, "--database", "replaced", "-c", "INSERT INTO t VALUES (3); CREATE TABLE u (n)")
    assert "nothing is overwritten" in fail("restore", *arguments)
    assert "1 table restored" in succeed("restore", *arguments, "--replace")
    assert count(cluster, "replaced") == 2


def test_rename(cluster: ThreeNodes) -> None:
    fill(cluster, "old")
    fill(cluster, "taken")
    assert "is called old already" in fail("rename", cluster.servers, "old", "--database", "old")
    assert "nothing is overwritten" in fail("rename", cluster.servers, "taken", "--database", "old")
    assert (count(cluster, "old"), count(cluster, "taken")) == (2, 2)
    assert succeed("rename", cluster.servers, "new", "--database", "old") == "old: renamed to new\n"
    assert (count(cluster, "old"), count(cluster, "new")) == (-1, 2)
    assert "is empty" in fail("rename", cluster.servers, "newer", "--database", "old")


def test_rename_in_a_directory(tmp_path: Path) -> None:
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (n); INSERT INTO t VALUES (7)")
    succeed("rename", tmp_path / "data", "other")
    assert succeed("shell", tmp_path / "data", "--database", "other", "-c", "SELECT n FROM t").endswith("7\n")
    assert succeed("shell", tmp_path / "data", "-c", ".tables") == ""


def test_no_write_is_lost_by_a_rename(cluster: ThreeNodes) -> None:
    """Whoever writes meanwhile finds its rows in the copy, or the old database again, empty, without its table."""
    fill(cluster, "busy")
    acknowledged: list[int] = []
    begun = threading.Event()

    def write() -> None:
        with closing(dqlitepy.connect(f"dqlite://{cluster.servers}/busy", leader_timeout=HANG, timeout=HANG)) as con:
            for number in range(3, 100_000):
                try:
                    con.execute("INSERT INTO t VALUES (?)", (number,))
                    con.commit()
                except dqlitepy.OperationalError as error:
                    assert "no such table: t" in str(error)
                    return
                acknowledged.append(number)
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert begun.wait(HANG)
    succeed("rename", cluster.servers, "calm", "--database", "busy")
    writer.join(HANG)
    assert not writer.is_alive()
    assert count(cluster, "calm") == 2 + len(acknowledged)
    assert count(cluster, "busy") == -1
