# SPDX-License-Identifier: Apache-2.0
"""docs/sqlalchemy.md: each block of Python runs, in order, and prints what stands below it."""

from __future__ import annotations

import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest

import tests.sqlalchemy.engines  # noqa: F401  # registers the dialects
from tests.cluster.machines import Machines
from tests.support import ROOT

PAGE = (ROOT / "docs" / "sqlalchemy.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python(?P<cluster> cluster)?\n(?P<code>.*?)^```\n```text\n(?P<output>.*?)^```$", re.M | re.S)
ADDRESS = re.compile(r"10\.0\.0\.(\d):9000")


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer(PAGE))
    assert len(blocks) == PAGE.count("```python")
    page = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", page)  # where SQLAlchemy looks annotations up
    with Machines(tmp_path, 3) as machines:
        for block in blocks:
            line = PAGE.count("\n", 0, block.start()) + 1
            code = block["code"]
            if block["cluster"]:
                code = ADDRESS.sub(lambda match: machines.addresses[int(match[1]) - 1], code)
            printed = StringIO()
            with redirect_stdout(printed):
                exec(compile("\n" * line + code, "docs/sqlalchemy.md", "exec", dont_inherit=True), vars(page))
            assert printed.getvalue() == block["output"], f"line {line}"
