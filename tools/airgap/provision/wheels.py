# SPDX-License-Identifier: Apache-2.0
"""The wheels of tools/pytest/requirements.txt, among them the compiler."""

import os
import re
import subprocess
import sys
from pathlib import Path

from lock import sha256_of
from report import refuse


def fetch_wheels(requirements: Path, downloads: Path, wheels: Path) -> None:
    """Leaves in `wheels` just what is pinned; `downloads` keeps older ones, so that a changed pin fetches one wheel."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    checks = ["--require-hashes", "--only-binary=:all:", "--no-deps"]
    if subprocess.run(
        [*pip, *checks, "--dest", downloads, "--requirement", requirements], stdout=sys.stderr
    ).returncode:
        refuse(
            "pip could not download what tools/pytest/requirements.txt pins",
            "PIP_INDEX_URL=ADDRESS tools/bazel build //...   (of a package index that has it)",
        )
    pinned = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", requirements.read_text()))
    wheels.mkdir()
    for wheel in downloads.glob("*.whl"):
        if sha256_of(wheel) in pinned:
            os.link(wheel, wheels / wheel.name)
