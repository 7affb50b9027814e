# SPDX-License-Identifier: Apache-2.0
"""mypy --strict finds nothing to say, and users' code gets the types that it says it gets."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from mypy import api

from tests.lint.sources import SOURCES
from tests.support import ROOT

SAMPLES = sorted((ROOT / "tests" / "lint" / "samples").glob("*.py"))
# Programs whose modules find each other because they lie beside the one that runs.
SCRIPT_FOLDERS = ["tests/consumer", "tools/airgap/provision"]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MYPYPATH", os.pathsep.join(["python", ".", *SCRIPT_FOLDERS]))


def mypy(cache: Path, *arguments: str) -> tuple[str, int]:
    output, errors, status = api.run(
        ["--config-file=pyproject.toml", "--explicit-package-bases", f"--cache-dir={cache}", *arguments]
    )
    assert not errors, errors
    return output, status


def test_sources(tmp_path: Path) -> None:
    output, status = mypy(tmp_path, "--exclude=^tests/lint/samples/|/bazel-|/_test_", *SOURCES)
    assert status == 0, output


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample(sample: Path, tmp_path: Path) -> None:
    """Each reveal_type of a sample has its answer in the comment behind it."""
    output, _ = mypy(tmp_path, str(sample.relative_to(ROOT)))
    revealed = dict(re.findall(r':(\d+): note: Revealed type is "(.*)"', output))
    expected = {
        str(number): line.partition("  # ")[2]
        for number, line in enumerate(sample.read_text(encoding="utf-8").splitlines(), 1)
        if line.lstrip().startswith("reveal_type(")
    }
    assert expected
    assert revealed == expected, output
    assert "error:" not in output
