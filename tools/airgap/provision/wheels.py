# SPDX-License-Identifier: Apache-2.0
"""The wheels that the lock files of tools/pytest pin, among them the compiler."""

import os
import re
import subprocess
import sys
from pathlib import Path

from lock import sha256_of
from report import refuse


def fetch_wheels(locks: list[Path], downloads: Path, wheels: Path) -> None:
    """Leaves in `wheels` just what is pinned; `downloads` keeps older ones, so that a changed pin fetches one wheel."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    checks = ["--require-hashes", "--only-binary=:all:", "--no-deps"]
    pinned: set[str] = set()
    # One call each: two locks may pin two versions of one distribution.
    for lock in locks:
        pinned.update(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock.read_text()))
        if subprocess.run([*pip, *checks, "--dest", downloads, "--requirement", lock], stdout=sys.stderr).returncode:
            refuse(
                f"pip could not download what tools/pytest/{lock.name} pins",
                "PIP_INDEX_URL=ADDRESS tools/bazel build //...   (of a package index that has it)",
            )
    wheels.mkdir()
    for wheel in downloads.glob("*.whl"):
        if sha256_of(wheel) in pinned:
            os.link(wheel, wheels / wheel.name)
