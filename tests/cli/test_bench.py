# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy bench`: it measures both, says so in two forms, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import fail, succeed


def test_text_and_json(tmp_path: Path) -> None:
    text = succeed("bench", "--rounds", "1", "--directory", tmp_path)
    heads, *lines = text.splitlines()
    assert heads.split() == ["dqlitepy", "sqlite3", "ratio"]
    results = json.loads(succeed("bench", "--rounds", "1", "--json", "--directory", tmp_path))
    assert len(lines) == len(results) == 5
    for title, result in results.items():
        assert any(line.startswith(title) for line in lines)
        assert result["ratio"] == result["dqlitepy"] / result["sqlite3"] > 0
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be(tmp_path: Path) -> None:
    assert "missing cannot be used: No such file or directory" in fail("bench", "--directory", tmp_path / "missing")
    assert "--rounds must be at least 1" in fail("bench", "--rounds", "0")
