# SPDX-License-Identifier: Apache-2.0
"""The script around zig: a cache for each action, which nobody else can have filled."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.airgap.machine import HANG, ROOT
from tests.rulesets.starlark import Module

NAME = f"dqlitepy-zig-1.2-{os.getuid()}"


@pytest.fixture
def compiler(tmp_path: Path) -> Path:
    """The script, beside a zig that prints the folder of its cache, and a cache that the repository rule has filled."""
    wrapper = Module(ROOT).load("tools/toolchain/zig_sdk.bzl")._WRAPPER
    files = {
        "bin/cc": wrapper.format(version="1.2", command="cc"),
        "zig": '#!/bin/sh\nprintf %s "$ZIG_LOCAL_CACHE_DIR"\n',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "stubs").write_text("built before")
    (tmp_path / "tmp").mkdir()
    return tmp_path / "bin" / "cc"


def run(compiler: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(compiler.parent.parent / "tmp")}
    return subprocess.run([compiler], env=environment, capture_output=True, text=True, check=False, timeout=HANG)


def test_the_cache_is_begun_with_what_is_built_and_open_to_nobody_else(compiler: Path) -> None:
    for _ in range(2):
        process = run(compiler)
        assert process.returncode == 0, process.stderr
    [cache] = (compiler.parent.parent / "tmp").iterdir()
    assert (str(cache), cache.name) == (process.stdout, NAME)
    assert (cache / "stubs").read_text() == "built before"
    assert cache.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("there", ["tmp/theirs", "tmp/nothing"])
def test_a_folder_behind_a_link_is_not_used(compiler: Path, there: str) -> None:
    folder = compiler.parent.parent
    (folder / "tmp" / "theirs").mkdir()
    (folder / "tmp" / NAME).symlink_to(folder / there)
    process = run(compiler)
    assert process.returncode == 1
    assert process.stdout == ""
    assert f"{NAME} belongs to somebody else" in process.stderr
