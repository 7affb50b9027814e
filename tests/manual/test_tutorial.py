# SPDX-License-Identifier: Apache-2.0
"""docs/tutorial.md as it stands there: each file is saved, each command runs, and its output is compared."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.manual.reader import BLOCK, Reader, alike, follow
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


def test_what_is_like_the_page() -> None:
    assert alike("1 [x] a\n", "1 [x] a\n")
    assert not alike("1 [x] a\n", "1 [ ] a\n")
    assert alike("a … c\n", "a  b    c\n")
    assert not alike("a … c\n", "a b d\n")
    assert alike("…\ndqlitepy …\n…\n", "libuv 1\ndqlitepy 2\nzlib 3\n")
    assert not alike("…\ndqlitepy …\n…\n", "libuv 1\n")
    assert not alike("a\n", "a\nb\n")
