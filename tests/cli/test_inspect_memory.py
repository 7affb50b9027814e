# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy inspect` reads files that are larger than memory."""

from __future__ import annotations

import os
import shutil
import struct
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy._disk.checksum import raft_crc32

from tests.support import run_python


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the directory of a node that was stopped."""
    directory = tmp_path_factory.mktemp("sound") / "data"
    with closing(dqlitepy.connect(directory)) as con:
        con.execute("CREATE TABLE t (n)")
    return directory


MEMORY = """
import resource, sys
from pathlib import Path
from dqlitepy._disk.directory import inspect
told = 0
def progress(more):
    global told
    told += more
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = inspect(Path(sys.argv[1]), progress)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, told)
print(*[f"{finding.file}: {finding.text}" for finding in report.damage + report.notes], sep="\\n")
"""
LARGE = 400 << 20


def _segment(size: int) -> bytes:
    """Returns the beginning of an open segment with one entry of `size` zeros."""
    header = struct.pack("<Q", 1) + struct.pack("<QB3xI", 1, 2, size)
    return struct.pack("<QII", 1, raft_crc32(header), 0) + header


LARGE_FILES = {
    "zeros": ("open-9", b"", ""),
    "an entry": ("open-9", _segment(LARGE - 40), ""),
    "an entry that is damaged": ("open-9", _segment(LARGE - 48) + b"\1", "its last write was cut short by a crash"),
    "a closed one of no format": ("0000000000009000-0000000000009001", b"\7", "its format is 7"),
    "metadata": ("metadata1", b"\1", "419430400 bytes, where 1048576 are the most that a node writes"),
    "the members": ("cluster.yaml", b"x", "419430400 bytes, where 1048576 are the most that a node writes"),
}


@pytest.mark.parametrize("name", LARGE_FILES)
def test_a_large_file_takes_little_memory(sound: Path, tmp_path: Path, name: str) -> None:
    directory = tmp_path / "data"
    shutil.copytree(sound, directory)
    file, start, told = LARGE_FILES[name]
    (directory / file).write_bytes(start)
    os.truncate(directory / file, LARGE)
    first, *findings = run_python(MEMORY, str(directory)).splitlines()
    kilobytes, progress = map(int, first.split())
    assert kilobytes < 64 << 10
    found = [finding for finding in findings if finding.startswith(file)]
    assert any(told in finding for finding in found) if told else not found, findings
    if file == "open-9":  # each byte counts once, however often it is read
        assert LARGE <= progress < LARGE + (64 << 20)
