# SPDX-License-Identifier: Apache-2.0
"""The log of a node warns before its disk is full, once, and says when there is room again."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dqlitepy._cli import disk_watch
from dqlitepy._cli.disk_watch import DiskWatch

from tests.support import eventually

MIB = 1 << 20


class Disk:
    """A disk of which a test says how much is free, and which counts how often it was looked at."""

    def __init__(self) -> None:
        self.free = 1000 * MIB
        self.looks = 0

    def statvfs(self, _: Any) -> SimpleNamespace:
        self.looks += 1
        return SimpleNamespace(f_bavail=self.free // 4096, f_frsize=4096)

    def look(self) -> None:
        """Returns when whatever is free now was seen, and judged."""
        before = self.looks
        eventually(lambda: self.looks >= before + 2)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(disk_watch, "os", SimpleNamespace(statvfs=disk.statvfs, scandir=os.scandir))
    return disk


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    caplog.set_level(logging.WARNING, logger="dqlitepy")
    yield lambda: [record.getMessage() for record in caplog.records]


def test_it_is_said_once_and_taken_back(disk: Disk, said: Callable[[], list[str]], tmp_path: Path) -> None:
    with closing(DiskWatch(str(tmp_path), period=0.001)):
        disk.look()
        assert said() == []
        disk.free = 90 * MIB
        disk.look()
        [line] = said()
        assert line.startswith(f"{tmp_path}: its disk is almost full: 90.0 MiB are free")
        assert "Free at least 10.0 MiB" in line
        for free in 80, 110, 90:  # around the threshold it says nothing more
            disk.free = free * MIB
            disk.look()
        assert len(said()) == 1
        disk.free = 121 * MIB
        disk.look()
        assert said()[1:] == [f"{tmp_path}: its disk has room again: 121.0 MiB are free"]


def test_what_the_directory_takes_is_the_threshold(
    disk: Disk, said: Callable[[], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_watch, "_LEAST", 1)
    (tmp_path / "segment").write_bytes(b"x" * MIB)
    disk.free = MIB // 2
    with closing(DiskWatch(str(tmp_path), period=0.001)):
        disk.look()
    [line] = said()
    assert "the directory takes 1.0 MiB" in line


def test_a_directory_that_goes_away_ends_nothing(disk: Disk, said: Callable[[], list[str]], tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(DiskWatch(str(folder), period=0.001)):
        disk.look()
        shutil.rmtree(folder)
        disk.look()
        folder.mkdir()
        disk.free = 1
        disk.look()
    assert len(said()) == 1


def test_by_itself_it_does_not_wait_to_be_closed(tmp_path: Path) -> None:
    DiskWatch(str(tmp_path)).close()
