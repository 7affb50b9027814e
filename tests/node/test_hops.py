# SPDX-License-Identifier: Apache-2.0
"""The way of one `execute` through the package stays short, and is the one that docs/design/calls.md shows."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import dqlitepy
import pytest

from tests.support import PACKAGE, ROOT

Way: TypeAlias = list[tuple[str, str]]

SELECT = "SELECT b FROM t WHERE a = ?"
INSERT = "INSERT INTO t (b) VALUES (?)"


def way_of(work: Callable[[], object]) -> tuple[Way, int]:
    """Returns the functions of the package that `work` calls, and how often it goes from one file to another.

    Of several tries the shortest: a busy machine may let one end its slice, or the garbage collector may come.
    """
    return min((_way_of(work) for _ in range(5)), key=lambda found: len(found[0]))


def _way_of(work: Callable[[], object]) -> tuple[Way, int]:
    calls: Way = []
    files: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            here: FrameType | None = frame
        elif event == "return":
            here = frame.f_back
        else:
            return
        if here is None or not here.f_code.co_filename.startswith(f"{PACKAGE}/"):
            return
        file = Path(here.f_code.co_filename).relative_to(PACKAGE).as_posix()
        if event == "call":
            calls.append((file, here.f_code.co_qualname))
        if not files or files[-1] != file:
            files.append(file)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls, len(files) - 1


@pytest.fixture
def table(con: dqlitepy.Connection) -> dqlitepy.Connection:
    con.isolation_level = None
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    con.execute(INSERT, ("x",))
    con.execute(SELECT, (1,))
    return con


def test_the_page_shows_the_way(table: dqlitepy.Connection) -> None:
    calls, _ = way_of(lambda: table.execute(SELECT, (1,)))
    page = (ROOT / "docs" / "design" / "calls.md").read_text(encoding="utf-8")
    assert calls == re.findall(r"^(\w[\w/]*\.py) +(\w+(?:\.\w+)*)", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("sql", "parameters", "most_calls", "most_moves"),
    [
        ("SELECT 1", (), 17, 26),
        (SELECT, (1,), 20, 30),
        (INSERT, ("y",), 19, 28),
    ],
)
def test_execute_takes_few_hops(
    table: dqlitepy.Connection, sql: str, parameters: tuple[object, ...], most_calls: int, most_moves: int
) -> None:
    calls, moves = way_of(lambda: table.execute(sql, parameters))
    assert len(calls) <= most_calls, calls
    assert moves <= most_moves, calls


@pytest.mark.parametrize(("fetch", "most_calls", "most_moves"), [("fetchone", 4, 2), ("fetchall", 5, 6)])
def test_fetching_takes_few_hops(table: dqlitepy.Connection, fetch: str, most_calls: int, most_moves: int) -> None:
    cursor = table.execute("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")
    calls, moves = way_of(getattr(cursor, fetch))
    assert len(calls) <= most_calls, calls
    assert moves <= most_moves, calls


def test_commit_takes_few_hops(table: dqlitepy.Connection) -> None:
    """Where there is nothing to commit."""
    calls, moves = way_of(table.commit)
    assert len(calls) <= 13, calls
    assert moves <= 10, calls
