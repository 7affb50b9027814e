# SPDX-License-Identifier: Apache-2.0
"""README.md: short, with the way to everything else, and what it shows runs."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short() -> None:
    assert len(PAGE.splitlines()) < 150


def test_it_leads_to_where_one_begins_and_to_each_recipe() -> None:
    recipes = {f"docs/recipes/{page.name}" for page in (ROOT / "docs" / "recipes").glob("*.md")}
    wanted = {"docs/tutorial.md", "docs/errors.md", "docs/faq.md", "docs/operations.md", *recipes}
    assert wanted <= set(re.findall(r"\]\(([^)#]+)", PAGE))


def test_its_first_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    names: dict[str, Any] = {}
    printed = StringIO()
    with redirect_stdout(printed):
        exec(compile(program, "README.md", "exec", dont_inherit=True), names)
    assert printed.getvalue() == "U+03B1 GREEK SMALL LETTER ALPHA\n"
