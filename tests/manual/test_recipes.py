# SPDX-License-Identifier: Apache-2.0
"""docs/recipes: each is followed as it stands there, and what it prints is compared.

Those that need more than the package are followed by //tests/programs and //tests/django.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.manual.reader import BLOCK
from tests.manual.recipes import OF_DJANGO, OF_PROGRAMS, RECIPES, follow_recipe
from tests.support import PACKAGE


@pytest.mark.parametrize("name", sorted({*RECIPES} - {*OF_PROGRAMS, *OF_DJANGO}))
def test_the_recipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow_recipe(name, tmp_path, monkeypatch)


def test_the_others_are_there() -> None:
    assert {*OF_PROGRAMS, *OF_DJANGO} <= {*RECIPES}


@pytest.mark.parametrize("name", RECIPES)
def test_it_fits_on_a_screen(name: str) -> None:
    assert len(RECIPES[name].splitlines()) <= 100


@pytest.mark.parametrize("name", RECIPES)
def test_its_files_are_named_in_the_text(name: str) -> None:
    """No page shows the names that stand behind the language of a block."""
    prose = BLOCK.sub("", RECIPES[name])
    files = {block["info"] for block in BLOCK.finditer(RECIPES[name]) if block["language"] == "python"} - {"", "cell"}
    assert [file for file in files if f"`{file}`" not in prose] == []


def test_the_fixtures_are_on_their_page() -> None:
    fixtures = re.findall(r"^@pytest\.fixture.*\ndef (\w+)", (PACKAGE / "testing.py").read_text(encoding="utf-8"), re.M)
    assert fixtures == ["dqlite_directory", "dqlite_name", "dqlite"]
    assert [name for name in fixtures if f"`{name}`" not in RECIPES["pytest"]] == []
