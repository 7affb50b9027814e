# SPDX-License-Identifier: Apache-2.0
"""What the disks of the suite promise: what was synced stays, and what was not is forgotten when the power is cut."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.jepsen.disk.mount import Disk, available
from tests.jepsen.disk.store import ROOT, DiskError, Store
from tests.jepsen.isolated import isolated

_FILE, _FOLDER = stat.S_IFREG | 0o600, stat.S_IFDIR | 0o700


@pytest.fixture
def store() -> Store:
    return Store()


def content(store: Store, name: str) -> bytes | None:
    try:
        return bytes(store.lookup(ROOT, name).data)
    except DiskError as error:
        assert error.errno == errno.ENOENT
        return None


def written(store: Store, name: str, data: bytes, *, synced: bool) -> int:
    number = store.create(ROOT, name, _FILE).number
    store.write(number, 0, data, synced=synced)
    return number


def test_a_file_needs_its_content_and_its_name_synced(store: Store) -> None:
    for name, content_synced in (("both", True), ("name", False)):
        number = written(store, name, b"abc", synced=False)
        if content_synced:
            store.sync(number)
    store.sync(ROOT)
    store.sync(written(store, "content", b"abc", synced=False))
    written(store, "none", b"abc", synced=False)
    store.cut_power(0.0, 1)
    assert [content(store, name) for name in ("both", "name", "content", "none")] == [b"abc", b"", None, None]


def test_a_synced_write_saves_itself_alone(store: Store) -> None:
    number = written(store, "a", b"....", synced=False)
    store.sync(ROOT)
    store.write(number, 2, b"xy", synced=True)
    store.cut_power(0.0, 1)
    assert content(store, "a") == b"\0\0xy"


def test_what_was_cut_and_grown_again(store: Store) -> None:
    number = written(store, "a", b"abcdef", synced=True)
    store.sync(ROOT)
    store.resize(number, 2)
    store.resize(number, 6)
    assert content(store, "a") == b"ab\0\0\0\0"
    store.sync(number)
    store.cut_power(0.0, 1)
    assert content(store, "a") == b"ab\0\0\0\0"


def test_names_that_change(store: Store) -> None:
    written(store, "a", b"old", synced=True)
    store.sync(ROOT)
    written(store, "b", b"new", synced=True)
    store.rename(ROOT, "b", ROOT, "a")
    assert content(store, "a") == b"new"
    store.cut_power(0.0, 1)
    assert (content(store, "a"), content(store, "b")) == (b"old", None)
    store.remove(ROOT, "a", is_directory=False)
    store.cut_power(0.0, 1)
    assert content(store, "a") == b"old"
    store.remove(ROOT, "a", is_directory=False)
    store.sync(ROOT)
    store.cut_power(0.0, 1)
    assert content(store, "a") is None


def test_a_folder_that_was_not_synced_takes_all_in_it_along(store: Store) -> None:
    folder = store.create(ROOT, "folder", _FOLDER).number
    file = store.create(folder, "a", _FILE).number
    store.write(file, 0, b"abc", synced=True)
    store.sync(folder)
    store.cut_power(0.0, 1)
    assert content(store, "folder") is None
    with pytest.raises(DiskError) as caught:
        store.get(file)
    assert caught.value.errno == errno.ESTALE


@pytest.mark.parametrize("seed", range(10))
def test_what_survives_by_chance_is_a_beginning_of_the_names_and_some_blocks(store: Store, seed: int) -> None:
    for number in range(8):
        written(store, f"f{number}", bytes([65 + number]) * 20_000, synced=False)
    store.cut_power(0.5, seed)
    there = [number for number in range(8) if content(store, f"f{number}") is not None]
    assert there == list(range(len(there)))
    for number in there:
        data = content(store, f"f{number}")
        assert data is not None
        for block in range(0, len(data), 4096):
            assert set(data[block : block + 4096]) in ({0}, {65 + number})


def test_a_disk_that_is_full_or_broken(store: Store) -> None:
    number = written(store, "a", b"abc", synced=True)
    store.failure = errno.ENOSPC
    store.write(number, 0, b"xyz", synced=True)
    for grows in (
        lambda: store.write(number, 3, b"!", synced=True),
        lambda: store.resize(number, 4),
        lambda: store.create(ROOT, "b", _FILE),
    ):
        assert fails(grows) == errno.ENOSPC
    store.remove(ROOT, "a", is_directory=False)
    store.failure = errno.EIO
    assert fails(lambda: store.write(number, 0, b"!", synced=True)) == errno.EIO
    assert fails(lambda: store.sync(number)) == errno.EIO


def fails(function: Callable[[], Any]) -> int | None:
    with pytest.raises(DiskError) as caught:
        function()
    return caught.value.errno


@pytest.mark.usefixtures("namespaces")
@pytest.mark.skipif(not available(), reason="/dev/fuse may not be used here: the weekly run does")
def test_the_kernel_sees_such_a_disk(tmp_path: Path) -> None:
    def use() -> list[Any]:
        at = tmp_path / "disk"
        at.mkdir()
        disk = Disk(at, tmp_path / "errors")
        synced = os.open(at / "synced", os.O_WRONLY | os.O_CREAT | os.O_DSYNC)
        os.posix_fallocate(synced, 0, 1 << 20)
        os.pwrite(synced, b"x" * 5000, 0)
        (at / "folder").mkdir()
        (at / "folder" / "file").write_text("abc")
        (at / "lost").write_text("abc")
        os.rename(at / "lost", at / "renamed")
        before = sorted(os.listdir(at)), (at / "renamed").read_text(), (at / "synced").stat().st_size
        above = os.open(at, os.O_RDONLY)
        os.fsync(above)
        (at / "late").write_text("abc")
        disk.cut_power(0.0, 1)
        after = sorted(os.listdir(at)), (at / "renamed").read_text(), (at / "synced").stat().st_size
        disk.fail("ENOSPC")
        with pytest.raises(OSError, match="No space left"):
            (at / "more").write_text("abc")
        disk.heal()
        (at / "more").write_text("abc")
        os.close(synced)
        os.close(above)
        disk.close()
        return [before, after, os.listdir(at)]

    before, after, unmounted = isolated(use, tmp_path / "answer", 60.0)
    assert before == (["folder", "renamed", "synced"], "abc", 1 << 20)
    assert after == (["folder", "renamed", "synced"], "", 5000)
    assert unmounted == []
