# SPDX-License-Identifier: Apache-2.0
"""Test databases: Django's runner makes, copies and removes them, and never touches the project's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dqlitepy
import pytest

from tests.cluster.machines import address, quick
from tests.django.databases import database, manage
from tests.django.project.library.models import Author
from tests.support import HANG

SUITE = "tests.django.project.library.tests"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns the directory of the project's own database, which has a row."""
    with database(tmp_path / "data"):
        Author.objects.create(name="of the project")
    return tmp_path / "data"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[str]:
    """Yields the address of a node of another process."""
    at = address()
    with dqlitepy.Node(tmp_path / "node", address=at, **quick()) as node:
        node.wait_ready(HANG)
        yield at


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def run(*arguments: str, name: str | Path, tests: int = 5, **settings: Any) -> str:
    """Runs the project's tests and returns what the runner said."""
    status, _, said = manage("test", SUITE, *arguments, name=name, **settings)
    assert status == 0, said
    assert f"Ran {tests} tests" in said
    return said


def test_a_directory(directory: Path) -> None:
    run("-v", "2", name=directory)
    assert entries(directory.parent) == {"data"}
    with database(directory, migrate=False):
        assert Author.objects.get().name == "of the project"


def test_kept(directory: Path) -> None:
    run("--keepdb", name=directory)
    assert entries(directory.parent) == {"data", "test_data"}
    assert "Using existing" in run("--keepdb", name=directory)
    assert "Destroying old test database" in run("--noinput", name=directory)
    assert entries(directory.parent) == {"data"}


def test_an_old_one_goes_only_with_a_yes(directory: Path) -> None:
    run("--keepdb", name=directory)
    status, asked, said = manage("test", SUITE, name=directory, input="no\n")
    assert status == 1 and "Type 'yes'" in asked and "Tests cancelled" in said
    assert entries(directory.parent) == {"data", "test_data"}


def test_what_is_no_node_is_left_alone(directory: Path) -> None:
    other = directory.parent / "test_data"
    other.mkdir()
    (other / "letter").write_text("to keep")
    status, _, said = manage("test", SUITE, "--noinput", name=directory)
    assert status == 2 and "no directory of a node" in said
    assert (other / "letter").read_text() == "to keep"


@pytest.mark.parametrize("name", ["data", ":memory:"])
def test_workers(name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each class goes to a worker, with a copy of the database of its own."""
    monkeypatch.setenv("TMPDIR", str(directory.parent))
    said = run("--parallel", "2", "--noinput", name=directory if name == "data" else name)
    assert said.count("Cloning test database") == 2
    assert entries(directory.parent) == {"data"}


def test_a_cluster(node: str) -> None:
    url = f"dqlite://{node}/site"
    with database(url):
        Author.objects.create(name="of the project")
    assert "Destroying old" not in run(name=url)
    said = run("--parallel", "2", name=url)
    assert said.count("Cloning test database") == 2
    run("--keepdb", name=url)
    assert "Destroying old test database" in run("--noinput", name=url)
    assert run(name=url, TEST={"NAME": "elsewhere"})
    for other in "test_site", "test_site_1", "test_site_2", "elsewhere":
        with dqlitepy.connect(f"dqlite://{node}/{other}") as con:
            assert con.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        con.close()
    with database(url, migrate=False):
        assert Author.objects.get().name == "of the project"
