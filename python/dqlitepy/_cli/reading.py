# SPDX-License-Identifier: Apache-2.0
"""Reads a node's directory for the commands that look into one."""

from __future__ import annotations

import os
from pathlib import Path

from dqlitepy._cli.failure import Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._disk.directory import Report, inspect

_ADVICE = "Give the directory that a node keeps its data in."


def read_directory(directory: Path) -> Report:
    """Returns what is in a node's directory.

    Raises:
        Failure: it is not a node's directory.
        OSError: it cannot be read.
    """
    if not directory.is_dir():
        raise Failure(f"{directory} is not a directory", _ADVICE)
    total = sum(entry.stat().st_size for entry in os.scandir(directory) if entry.is_file(follow_symlinks=False))
    with Progress(f"reading {directory}", total) as progress:
        report = inspect(directory, progress.advance)
    if not (report.metadata or report.segments or report.snapshots or report.node or report.damage):
        raise Failure(f"{directory} does not hold a node's data", _ADVICE)
    return report
