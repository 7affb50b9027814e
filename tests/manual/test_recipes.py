# SPDX-License-Identifier: Apache-2.0
"""docs/recipes: each is followed as it stands there, and what it prints is compared."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.manual.reader import BLOCK, Reader, alike, follow
from tests.support import PACKAGE, ROOT

FOLDER = ROOT / "docs" / "recipes"
RECIPES = {page.stem: page.read_text(encoding="utf-8") for page in sorted(FOLDER.glob("*.md"))}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(tmp_path)
    monkeypatch.chdir(reader.folder)
    names: dict[str, Any] = {}
    compared = 0
    try:
        for block in BLOCK.finditer(RECIPES[name]):
            if block["language"] == "python" and block["info"]:
                reader.save(block["info"], block["text"])
                continue
            if block["language"] == "python":
                printed = StringIO()
                with redirect_stdout(printed):
                    exec(compile(block["text"], f"{name}.md", "exec", dont_inherit=True), names)
                output = printed.getvalue()
            else:
                output = follow(block.groupdict(), reader)
            assert block["output"] is not None or not output, block["text"]
            assert alike(reader.here(block["output"] or ""), output), f"{block['text']}printed:\n{output}"
            compared += 1
    finally:
        reader.close()
    assert compared


@pytest.mark.parametrize("name", RECIPES)
def test_it_fits_on_a_screen(name: str) -> None:
    assert len(RECIPES[name].splitlines()) <= 100


def test_the_fixtures_are_on_their_page() -> None:
    fixtures = re.findall(r"^@pytest\.fixture.*\ndef (\w+)", (PACKAGE / "testing.py").read_text(encoding="utf-8"), re.M)
    assert fixtures == ["dqlite_directory", "dqlite_name", "dqlite"]
    assert [name for name in fixtures if f"`{name}`" not in RECIPES["pytest"]] == []
