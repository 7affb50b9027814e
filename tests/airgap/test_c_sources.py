# SPDX-License-Identifier: Apache-2.0
"""The C sources: Debian's archives become upstream's own bytes, or nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from tests.airgap.machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "airgap" / "provision"))

import c_sources
from lock import SourceArchive, read_lock

MIRROR = "http://mirror.invalid/debian"


def tar_gz(folder: str) -> bytes:
    """Returns an archive with a global header, as those that `git archive` makes."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "c0ffee"}) as archive:
        for name, content in {"README": b"read me", f"{'deep/' * 12}file": b"x" * 1025, "empty": b""}.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo(f"{folder}/link")
        link.type, link.linkname = tarfile.SYMTYPE, "README"
        archive.addfile(link)
    return gzip.compress(tar.getvalue())


def git_archive(folder: str) -> bytes:
    """Returns the same with git's way of writing checksums and of packing."""
    return c_sources.under_folder(tar_gz(folder), folder)


def members(archive: bytes) -> dict[str, tuple[bytes, str, bytes]]:
    """Returns type, link target and content of each member."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {member.name: (member, tar.extractfile(member) if member.isfile() else None) for member in tar}
        return {name: (info.type, info.linkname, file.read() if file else b"") for name, (info, file) in files.items()}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pinned(debian: bytes, upstream: bytes, folder: str = "libuv-1") -> SourceArchive:
    return SourceArchive("libuv", "libuv1_1.orig.tar.gz", sha256(debian), sha256(upstream), folder)


def test_another_top_folder_gives_the_same_bytes() -> None:
    assert c_sources.under_folder(git_archive("libuv1-1"), "libuv-1") == git_archive("libuv-1")


def test_nothing_but_the_top_folder_changes() -> None:
    original = members(tar_gz("libuv1-1"))
    assert len(original) == 4
    renamed = members(c_sources.under_folder(tar_gz("libuv1-1"), "libuv-1"))
    assert renamed == {name.replace("libuv1-1/", "libuv-1/", 1): content for name, content in original.items()}


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        c_sources.under_folder(tar_gz("libuv1-1"), "libuv-" + "1" * 100)


@pytest.mark.parametrize("debian_folder", ["libuv1-1", "libuv-1"])
def test_a_given_archive_enters_bazels_repository_cache(tmp_path: Path, debian_folder: str) -> None:
    debian, upstream = git_archive(debian_folder), git_archive("libuv-1")
    archive = pinned(debian, upstream)
    (tmp_path / archive.file).write_bytes(debian)
    c_sources.fetch_sources([archive], MIRROR, tmp_path, tmp_path / "repository")
    entry = tmp_path / "repository" / "content_addressable" / "sha256" / archive.upstream_sha256
    assert [file.name for file in entry.iterdir()] == ["file"]
    assert (entry / "file").read_bytes() == upstream

    (tmp_path / archive.file).unlink()
    c_sources.fetch_sources([archive], MIRROR, tmp_path, tmp_path / "repository")


def test_a_given_archive_with_another_content_is_refused(tmp_path: Path) -> None:
    archive = pinned(git_archive("libuv1-1"), git_archive("libuv-1"))
    (tmp_path / archive.file).write_bytes(gzip.compress(b"another"))
    with pytest.raises(SystemExit, match="is not the file that tools/airgap/lock.txt pins\nType: rm '"):
        c_sources.fetch_sources([archive], MIRROR, tmp_path, tmp_path / "repository")
    assert not list(tmp_path.rglob("file"))


def test_pins_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    debian = git_archive("libuv1-1")
    archive = pinned(debian, b"another")
    (tmp_path / archive.file).write_bytes(debian)
    with pytest.raises(ValueError, match=r"does not turn into the archive that third_party/pins\.bzl pins"):
        c_sources.fetch_sources([archive], MIRROR, tmp_path, tmp_path / "repository")
    assert not list(tmp_path.rglob("file"))


def test_the_mirror_is_asked_in_its_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pinned(b"", b"")
    helper = tmp_path / "apt-helper"
    helper.write_text(f'#!/bin/sh\necho "$*" >"{tmp_path}/call"\necho "E: 404  Not Found" >&2\nexit 100\n')
    helper.chmod(0o755)
    monkeypatch.setattr(c_sources, "APT_HELPER", str(helper))
    with pytest.raises(SystemExit) as refusal:
        c_sources.fetch_sources([archive], MIRROR, None, tmp_path / "repository")
    url = f"{MIRROR}/pool/main/libu/libuv1/{archive.file}"
    assert f"{url} cannot be had as tools/airgap/lock.txt pins it (E: 404 Not Found)" in str(refusal.value)
    assert "DQLITEPY_SOURCES=DIR" in str(refusal.value)
    call = (tmp_path / "call").read_text()
    assert url in call
    assert f"SHA256:{archive.sha256}" in call


def test_the_lock_names_each_archive_that_both_editions_pin() -> None:
    lock = read_lock(ROOT)
    assert {archive.name for archive in lock.sources} == {"dqlite", "libuv", "lz4"}
    same = [archive.name for archive in lock.sources if archive.sha256 == archive.upstream_sha256]
    assert same == ["dqlite", "lz4"]
    assert all(module.sum.startswith("h1:") for module in lock.go_modules)
