# SPDX-License-Identifier: Apache-2.0
"""The hooks of pre-commit fetch nothing and call what is there; a commit's title is checked by one of them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.release.files import ROOT, read_yaml

HOOKS = [hook for repo in read_yaml(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]


def test_they_fetch_nothing() -> None:
    assert {repo["repo"] for repo in read_yaml(ROOT / ".pre-commit-config.yaml")["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}


def test_they_call_what_is_there() -> None:
    installed = (ROOT / "tools" / "develop").read_text(encoding="utf-8")
    for hook in HOOKS:
        program = hook["entry"].split()[0]
        if program.startswith(".venv/bin/"):
            assert re.search(rf'tools \+?= ".*\b{Path(program).name}\b', installed), program
        else:
            assert (ROOT / program).is_file(), program


def check(folder: Path, message: str) -> subprocess.CompletedProcess[str]:
    file = folder / "message"
    file.write_text(message, encoding="utf-8")
    command = [ROOT / "tools" / "commit_title", file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "title",
    [
        "node: bound the log by its bytes",
        "tests/patches: shorten a line",
        "fuzz, abi, third_party: reach what a member sends",
        "docs: " + "é" * 66,
        'Revert "dqlite: take the bounds back until a loss is found, and longer than that"',
        "Merge branch 'speed'",
        "fixup! node: bound the log by its bytes",
    ],
)
def test_a_title_that_is_in_order(tmp_path: Path, title: str) -> None:
    process = check(tmp_path, f"# a comment of git's\n{title}\n\nThe reason.\n")
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize(
    ("title", "complaint"),
    [
        ("Written twice: how an operation begins and goes on", 'is not "area: imperative" without a period'),
        ("bound the log", 'is not "area: imperative" without a period'),
        ("node: bound the log.", 'is not "area: imperative" without a period'),
        ("docs: " + "é" * 67, "has more than 72 characters"),
    ],
)
def test_a_title_that_is_refused(tmp_path: Path, title: str, complaint: str) -> None:
    process = check(tmp_path, f"{title}\n\nThe reason.\n")
    assert process.returncode == 1
    what, how = process.stderr.splitlines()
    assert what == f"commit: the title {complaint}: {title}"
    assert how.startswith("Type: git commit --edit --file ")
