# SPDX-License-Identifier: Apache-2.0
"""A build of a copy of the checkout, from nothing, under given circumstances."""

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
        flags: further ones of Bazel's.
    """

    folder: Path
    umask: int = 0o022
    time_zone: str = "UTC0"
    jobs: int = os.cpu_count() or 1
    flags: Sequence[str] = NO_CACHES


@contextmanager
def build(checkout: Path, circumstances: Circumstances, targets: Sequence[str]) -> Iterator[Path]:
    """Builds, and yields the folder with Bazel's outputs, which is gone afterwards.

    Raises:
        BuildFailed: Bazel ended with an error.
    """
    shutil.copytree(checkout, circumstances.folder, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    output_base = Path(_bazel(circumstances, "info", "output_base").strip())
    try:
        print(f"reproduce: building {' '.join(targets)} in {circumstances.folder}", file=sys.stderr)
        _bazel(circumstances, "build", f"--jobs={circumstances.jobs}", *circumstances.flags, *targets)
        yield Path(_bazel(circumstances, "info", *circumstances.flags, "output_path").strip())
    finally:
        _bazel(circumstances, "shutdown")
        _remove(output_base)


def _bazel(circumstances: Circumstances, *arguments: str) -> str:
    ended = subprocess.run(
        [circumstances.folder / "tools" / "bazel", *arguments],
        cwd=circumstances.folder,
        env=os.environ | {"TZ": circumstances.time_zone},
        umask=circumstances.umask,
        stdout=subprocess.PIPE,
        text=True,
    )
    if ended.returncode:
        raise BuildFailed(f"tools/bazel {arguments[0]} in {circumstances.folder} ended with {ended.returncode}")
    return ended.stdout


def _remove(output_base: Path) -> None:
    """Removes a folder, some of whose own folders Bazel made read-only."""
    for folder, _, _ in os.walk(output_base):
        os.chmod(folder, 0o700)
    shutil.rmtree(output_base)
