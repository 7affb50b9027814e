# SPDX-License-Identifier: Apache-2.0
"""codespell finds no misspelled word in the pages, nor in any Python file."""

from __future__ import annotations

from pathlib import Path

import pytest
from codespell_lib import main

from tests.lint.sources import SOURCES
from tests.support import ROOT

PAGES = [*(page.name for page in ROOT.glob("*.md")), "docs"]


def codespell(*places: str) -> int:
    # Not the figures of a chart, no hashes, and no launchers of rules_python.
    return main("--toml=pyproject.toml", "--skip=*.svg,*.json,lock.txt,_test_*,test_codespell", *places)


def test_no_word_is_misspelled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert {"README.md", "CHANGELOG.md"} <= set(PAGES)
    assert codespell(*PAGES, *SOURCES) == 0, capsys.readouterr().out


def test_a_misspelled_word_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("".join(["T", "eh node\n"]))
    assert codespell(str(page)) != 0
    assert "The" in capsys.readouterr().out
