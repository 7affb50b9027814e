# SPDX-License-Identifier: Apache-2.0
"""The recipes: which folder of tests has what each needs, and how one is followed."""

from __future__ import annotations

import ast
import asyncio
from contextlib import redirect_stdout
from inspect import isawaitable
from io import StringIO
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.manual.reader import BLOCK, Reader, alike, follow
from tests.support import ROOT

RECIPES = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "recipes").glob("*.md")}
# Run by //tests/programs, which has the libraries, and by //tests/django. All others need nothing but the package.
OF_PROGRAMS = ("alembic", "celery", "fastapi", "flask", "gunicorn", "pandas", "pyinstaller", "sqlalchemy")
OF_DJANGO = ("django",)


def follow_recipe(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does what a recipe says, in an empty folder, and compares what it prints.

    A block of Python with a name is a file. Those without one run here, in order and as one program; those called
    `cell` run as a notebook runs its cells.
    """
    reader = Reader(folder)
    monkeypatch.chdir(reader.folder)
    monkeypatch.syspath_prepend(reader.installed)
    names: dict[str, Any] = {}
    compared = 0
    with asyncio.Runner() as notebook:
        try:
            for found in BLOCK.finditer(RECIPES[name]):
                block = found.groupdict()
                text, expected = block["text"], block["output"]
                if block["language"] == "python" and block["info"] not in ("", "cell"):
                    reader.save(block["info"], text)
                    continue
                if block["language"] == "python":
                    cell = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if block["info"] else 0
                    code = compile(text, f"{name}.md", "exec", flags=cell, dont_inherit=True)
                    with redirect_stdout(StringIO()) as printed:
                        notebook.run(run_cell(code, names)) if cell else exec(code, names)
                    output = printed.getvalue()
                else:
                    output = follow(block, reader)
                assert expected is not None or not output, f"{text}printed:\n{output}"
                assert alike(reader.here(expected or ""), output), f"{text}printed:\n{output}{reader.said()}"
                compared += expected is not None
        finally:
            reader.close()
    assert compared


async def run_cell(code: CodeType, names: dict[str, Any]) -> None:
    """Runs a cell as a notebook does: on an event loop that runs already, also where it awaits nothing."""
    result = eval(code, names)
    if isawaitable(result):
        await result
