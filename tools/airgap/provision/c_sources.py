# SPDX-License-Identifier: Apache-2.0
"""The C libraries' source archives: Debian's pool holds upstream's own bytes, at most under another top folder."""

import gzip
import shutil
import subprocess
from pathlib import Path

from lock import SourceArchive, sha256_of
from report import refuse

APT_HELPER = "/usr/lib/apt/apt-helper"
BLOCK = 512  # of a tar archive


def fetch_sources(archives: list[SourceArchive], mirror: str, given: Path | None, repository_cache: Path) -> None:
    """Puts each archive where Bazel's repository cache looks for it: under the sha256 that http_archive asks for."""
    for archive in archives:
        place = repository_cache / "content_addressable" / "sha256" / archive.upstream_sha256
        if (place / "file").exists():
            continue
        place.mkdir(parents=True, exist_ok=True)
        part = place / "part"
        obtain(archive, mirror, given, part)
        if sha256_of(part) != archive.upstream_sha256:
            part.write_bytes(under_folder(part.read_bytes(), archive.upstream_folder))
        if sha256_of(part) != archive.upstream_sha256:
            raise ValueError(f"{archive.file} does not turn into the archive that third_party/pins.bzl pins")
        part.rename(place / "file")


def obtain(archive: SourceArchive, mirror: str, given: Path | None, target: Path) -> None:
    """Brings the archive as Debian has it: out of the folder that the user gives, else out of the mirror's pool."""
    if given and (given / archive.file).exists():
        file = given / archive.file
        shutil.copyfile(file, target)
        if sha256_of(target) != archive.sha256:
            refuse(f"{file} is not the file that tools/airgap/lock.txt pins", f"rm '{file}'")
        return
    package = archive.file.partition("_")[0]
    section = package[:4] if package.startswith("lib") else package[0]
    url = f"{mirror}/pool/main/{section}/{package}/{archive.file}"
    command = [
        APT_HELPER,
        "-o",
        "APT::Sandbox::User=root",
        "download-file",
        url,
        str(target),
        f"SHA256:{archive.sha256}",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        reason = " ".join(result.stderr.split())
        refuse(
            f"{url} cannot be had as tools/airgap/lock.txt pins it ({reason})",
            f"DQLITEPY_SOURCES=DIR tools/bazel build //...   (DIR holds {archive.file})",
        )


def under_folder(archive: bytes, folder: str) -> bytes:
    """The same `git archive` under another top folder, packed as `git archive --format=tar.gz` packs it."""
    tar = bytearray(gzip.decompress(archive))
    offset = 0
    while offset < len(tar):
        header = tar[offset : offset + BLOCK]
        if any(header):
            if header[156:157] != b"g":  # the global header names the commit, not a file
                tar[offset : offset + BLOCK] = header_under_folder(header, folder)
            size = int(header[124:136].rstrip(b"\0 ") or b"0", 8)
            offset += -(-size // BLOCK) * BLOCK
        offset += BLOCK
    # Python's gzip writes another header and another deflate than the program that git runs.
    return subprocess.run(["gzip", "-cn"], input=tar, stdout=subprocess.PIPE, check=True).stdout


def header_under_folder(header: bytearray, folder: str) -> bytearray:
    """One ustar header, its checksum made anew."""
    name, prefix = header[0:100].rstrip(b"\0"), header[345:500].rstrip(b"\0")
    path = (prefix + b"/" if prefix else b"") + name
    path = folder.encode() + b"/" + path.partition(b"/")[2]
    if len(path) > 100:
        raise ValueError(f"{path.decode()} does not fit a tar header")
    header[0:100] = path.ljust(100, b"\0")
    header[345:500] = bytes(155)
    header[148:156] = b" " * 8
    header[148:156] = b"%07o\0" % sum(header)
    return header
