# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md as it stands there: each file is saved, each command runs, and its output is compared."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.manual.reader import BLOCK, ENTRY_POINTS, Reader, alike, follow
from tests.support import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    somebody = Reader(tmp_path, os.environ.get("DQLITEPY_WHEEL"))
    try:
        yield somebody
    finally:
        somebody.close()


def test_the_tutorial(reader: Reader) -> None:
    kinds = set()
    for found in BLOCK.finditer(PAGE):
        block = found.groupdict()
        kinds.add((block["language"], block["info"] if block["language"] == "sh" else ""))
        if block["language"] == "python":
            reader.save(str(block["info"]), str(block["text"]))
            continue
        assert block["language"] == "sh", "a text that no command prints"
        printed = follow(block, reader)
        expected = reader.here(block["output"] or "")
        assert alike(expected, printed), f"{block['text']}expected:\n{expected}printed:\n{printed}"
    # The first was killed on the page; the others were stopped.
    assert reader.statuses() == [-signal.SIGKILL, 0, 0, 0]
    assert kinds == {("sh", ""), ("sh", "node"), ("sh", "repeat"), ("python", "")}


@pytest.mark.skipif("DQLITEPY_WHEEL" not in os.environ, reason="compares with the wheel that was built")
def test_the_reader_of_the_recipes_has_the_names_of_the_wheel() -> None:
    made, taken = ConfigParser(delimiters="="), ConfigParser(delimiters="=")
    with ZipFile(os.environ["DQLITEPY_WHEEL"]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt")]
        made.read_string(wheel.read(name).decode())
    taken.read_string(ENTRY_POINTS)
    assert {section: dict(made[section]) for section in made.sections() if section != "console_scripts"} == {
        section: dict(taken[section]) for section in taken.sections()
    }


def test_what_is_like_the_page() -> None:
    assert alike("1 [x] a\n", "1 [x] a\n")
    assert not alike("1 [x] a\n", "1 [ ] a\n")
    assert alike("a … c\n", "a  b    c\n")
    assert not alike("a … c\n", "a b d\n")
    assert alike("…\ndqlitepy …\n…\n", "libuv 1\ndqlitepy 2\nzlib 3\n")
    assert not alike("…\ndqlitepy …\n…\n", "libuv 1\n")
    assert not alike("a\n", "a\nb\n")
    assert alike("a\n", "a")
    assert not alike("a\n", "")
