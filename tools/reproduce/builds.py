# SPDX-License-Identifier: Apache-2.0
"""Builds of a copy of the checkout, from nothing, under given circumstances."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Bazel's own disk cache and a remote one would hand the second build what the first has made.
NO_CACHES = ("--disk_cache=", "--remote_cache=")

# What a build leaves in the checkout, and the history, which no build reads.
_NOT_COPIED = [".git", ".venv", "bazel-*", "dist", "_lib", "__pycache__", ".bazelrc.user"]

# The cache of tools/bazel: on a disk with space, and what lies there Bazel sees in both editions.
WORK_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dqlitepy"


class BuildFailed(Exception):
    """Bazel ended with an error, which it has printed itself."""


@dataclass(frozen=True)
class Circumstances:
    """What must not show in a build's result.

    Attributes:
        folder: of the copy of the checkout, and through it of Bazel's output base.
        umask: of the build.
        time_zone: as TZ names it.
        jobs: how many actions Bazel may run at once.
    """

    folder: Path
    umask: int = 0o022
    time_zone: str = "UTC0"
    jobs: int = os.cpu_count() or 1


@dataclass(frozen=True)
class Copy:
    """A copy of the checkout, with a Bazel server of its own."""

    circumstances: Circumstances

    def bazel(self, *arguments: str) -> str:
        """Runs tools/bazel there and returns what it has printed; BuildFailed where it ends with an error."""
        folder = self.circumstances.folder
        ended = subprocess.run(
            [folder / "tools" / "bazel", *arguments],
            cwd=folder,
            env=os.environ | {"TZ": self.circumstances.time_zone},
            umask=self.circumstances.umask,
            stdout=subprocess.PIPE,
            text=True,
        )
        if ended.returncode:
            raise BuildFailed(f"tools/bazel {arguments[0]} in {folder} ended with {ended.returncode}")
        return ended.stdout

    def build(self, targets: Sequence[str], flags: Sequence[str]) -> Path:
        """Builds, and returns the folder with Bazel's outputs; BuildFailed where Bazel ends with an error."""
        print(f"building {' '.join(targets)} in {self.circumstances.folder}", file=sys.stderr)
        self.bazel("build", f"--jobs={self.circumstances.jobs}", *flags, *targets)
        return Path(self.bazel("info", *flags, "output_path").strip())


@contextmanager
def copy(checkout: Path, circumstances: Circumstances) -> Iterator[Copy]:
    """Copies the checkout and starts a Bazel there, whose outputs and server are gone afterwards."""
    shutil.copytree(checkout, circumstances.folder, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    copied = Copy(circumstances)
    output_base = Path(copied.bazel("info", "output_base").strip())
    try:
        yield copied
    finally:
        copied.bazel("shutdown")
        _remove(output_base)


@contextmanager
def build(checkout: Path, circumstances: Circumstances, targets: Sequence[str]) -> Iterator[Path]:
    """Builds without caches, and yields the folder with Bazel's outputs, which is gone afterwards.

    Raises:
        BuildFailed: Bazel ended with an error.
    """
    with copy(checkout, circumstances) as copied:
        yield copied.build(targets, NO_CACHES)


def _remove(output_base: Path) -> None:
    """Removes a folder, some of whose own folders Bazel made read-only."""
    for folder, _, _ in os.walk(output_base):
        os.chmod(folder, 0o700)
    shutil.rmtree(output_base)
