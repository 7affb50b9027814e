# SPDX-License-Identifier: Apache-2.0
"""What `bazel run //:wheel` does with the wheel that it built."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from pathlib import Path

from tests.wheel.wheelfile import Wheel

WHEEL = Wheel.under_test()
SUM = hashlib.sha256(WHEEL.path.read_bytes()).hexdigest()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts the launcher as Bazel would, where the environment names a workspace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BUILD_")}
    command = [str(Path(os.environ["DQLITEPY_COPY_WHEEL"]).absolute()), *arguments]
    return subprocess.run(command, env=kept | environment, capture_output=True, text=True, check=False, timeout=60)


def assert_copied(result: subprocess.CompletedProcess[str], directory: Path) -> None:
    target = directory / WHEEL.path.name
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{target}\nsha256 {SUM}\n"
    assert hashlib.sha256(target.read_bytes()).hexdigest() == SUM
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert [path.name for path in directory.iterdir()] == [WHEEL.path.name]


def assert_refused(result: subprocess.CompletedProcess[str], complaint: str) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    what, how = result.stderr.splitlines()[-2:]
    assert what.startswith("wheel: ")
    assert complaint in what
    assert "bazel run //:wheel" in how


def test_it_goes_to_dist_of_the_workspace(tmp_path: Path) -> None:
    assert_copied(run(BUILD_WORKSPACE_DIRECTORY=str(tmp_path)), tmp_path / "dist")


def test_it_goes_to_a_directory_that_is_given(tmp_path: Path) -> None:
    target = tmp_path / "a folder" / "below"
    assert_copied(run(str(target), BUILD_WORKSPACE_DIRECTORY="/nonexistent"), target)


def test_a_relative_directory_is_that_of_the_caller(tmp_path: Path) -> None:
    assert_copied(run("out", BUILD_WORKING_DIRECTORY=str(tmp_path)), tmp_path / "out")


def test_an_older_wheel_that_is_write_protected_is_replaced(tmp_path: Path) -> None:
    old = tmp_path / WHEEL.path.name
    old.write_text("old")
    old.chmod(0o444)
    assert_copied(run(str(tmp_path)), tmp_path)


def test_without_a_workspace_it_says_what_to_type() -> None:
    assert_refused(run(), "started without bazel")


def test_two_directories_are_refused(tmp_path: Path) -> None:
    assert_refused(run(str(tmp_path), str(tmp_path)), "more than one directory")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(run(str(tmp_path / "file" / "below")), "cannot make the directory")


def test_a_target_that_cannot_be_replaced_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / WHEEL.path.name / "occupied").mkdir(parents=True)
    assert_refused(run(str(tmp_path)), "cannot write")
    assert [path.name for path in tmp_path.iterdir()] == [WHEEL.path.name]
