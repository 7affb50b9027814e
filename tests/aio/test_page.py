# SPDX-License-Identifier: Apache-2.0
"""docs/asyncio.md: each block of Python runs, in order, and prints what stands below it."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs" / "asyncio.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n```text\n(?P<output>.*?)^```$", re.M | re.S)


@pytest.mark.usefixtures("loop_kind")
def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(BLOCK.finditer(PAGE))
    assert len(blocks) == PAGE.count("```python") > 1
    names: dict[str, Any] = {}
    for block in blocks:
        line = PAGE.count("\n", 0, block.start()) + 1
        printed = StringIO()
        with redirect_stdout(printed):
            exec(compile("\n" * line + block["code"], "docs/asyncio.md", "exec", dont_inherit=True), names)
        assert printed.getvalue() == block["output"], f"line {line}"
