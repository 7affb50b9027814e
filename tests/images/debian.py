# SPDX-License-Identifier: Apache-2.0
"""Root file systems out of Debian packages that are unpacked and never configured: no script of theirs is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

HANG = 900.0
"""Seconds that a mirror may take: only ends what hangs."""


class NotPossible(Exception):
    """This machine or its mirror cannot give what is asked for.

    Attributes:
        remedy: what to type.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def require_program(name: str, package: str) -> str:
    """Returns the path of a program; NotPossible where there is none."""
    path = shutil.which(name)
    if path is None:
        raise NotPossible(
            f"{name} is missing on this machine", f"sudo apt-get install --no-install-recommends {package}"
        )
    return path


def unpack(target: Path, suite: str, packages: list[str], architecture: str = "amd64", only: str = "") -> Path:
    """Makes a new folder with the files of some packages and of what these depend on.

    Args:
        target: the folder, which does not exist yet.
        suite: "bookworm", "sid" and the like.
        packages: their names.
        architecture: Debian's name of the processor.
        only: path of the one file that is wanted; "" stands for all.

    Raises:
        NotPossible: no mmdebstrap, or it failed; the reason is the last that it said.
    """
    mirror = os.environ.get("DQLITEPY_MIRROR", "")
    archive = target.with_name(target.name + ".tar")
    command = [
        require_program("mmdebstrap", "mmdebstrap"),
        "--variant=extract",
        # Unpacking takes no rights; the ways that mmdebstrap would choose for an ordinary user take subordinate ids.
        f"--mode={'root' if os.getuid() == 0 else 'chrootless'}",
        f"--architectures={architecture}",
        f"--include={','.join(packages)}",
        # A mirror may be older than what its index promises, and here nothing is kept.
        '--aptopt=Acquire::Check-Valid-Until "false"',
        suite,
        str(archive),
    ]
    if mirror:
        command.append(f"deb {mirror} {suite} main")
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG)
    if process.returncode != 0:
        raise NotPossible(
            f"mmdebstrap cannot make Debian {suite} ({architecture}): {_complaint(process.stderr)}",
            "DQLITEPY_MIRROR=ADDRESS tools/bazel run ...   (a mirror that carries all of Debian; "
            f"`{' '.join(command[:-1])} ...` shows everything that mmdebstrap says)",
        )
    target.mkdir()
    with tarfile.open(archive) as tar:
        members = [member for member in tar if member.name.removeprefix("./") == only] if only else None
        tar.extractall(target, members, filter=_without_devices)
    archive.unlink()
    _merge_usr(target)
    return target


def keep_only(root: Path, kept: list[str]) -> None:
    """Deletes every program but those whose names begin with one of `kept`, and the package manager's records."""
    for folder in ("bin", "sbin", "usr/bin", "usr/sbin"):
        if (root / folder).is_symlink() or not (root / folder).is_dir():
            continue
        for program in (root / folder).iterdir():
            if not program.name.startswith(tuple(kept)):
                program.unlink()
    for records in ("var/lib/dpkg", "var/lib/apt", "var/cache/apt", "etc/apt"):
        shutil.rmtree(root / records, ignore_errors=True)


def _without_devices(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Lets an ordinary user unpack: the sandbox has devices of its own, and its owner may delete everything again."""
    if member.isdev() or member.name.removeprefix("./").startswith(("dev/", "proc/", "sys/")):
        return None
    name = os.path.normpath(member.name)
    if name.startswith(("/", "..")):
        raise tarfile.OutsideDestinationError(member, path)
    return member.replace(
        name=name,
        mode=(member.mode or 0) & 0o755 | 0o200,
        uid=os.getuid(),
        gid=os.getgid(),
        uname="",
        gname="",
        deep=False,
    )


def _merge_usr(root: Path) -> None:
    """Makes /bin and the like, which belong to a package with scripts: the loader's path begins with one of them."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if (root / "usr" / name).is_dir() and not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")


def _complaint(output: str) -> str:
    lines = [line.removeprefix("E: ") for line in output.splitlines() if line.startswith("E: ")]
    return lines[0] if lines else (output.strip().splitlines() or ["it said nothing"])[-1]
