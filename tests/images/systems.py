# SPDX-License-Identifier: Apache-2.0
"""The systems that the wheel is tried on, and what it has to do there."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.images.debian import NotPossible, keep_only, unpack
from tests.images.sandbox import ORDINARY_USER, ROOT_USER, Sandbox

INSIDE = Path(__file__).parent / "inside"
PYTHON = "/usr/bin/python3"
LIBRARY = "dqlitepy/_lib/linux-amd64/libdqlitepy.so"

# Debian's python3-minimal has no ctypes; python3 is that and the rest of the standard library.
PYTHON_PACKAGES = ["python3-minimal", "libpython3-stdlib"]
# The oldest first. 10 has glibc 2.28 itself, what the wheel promises; few mirrors still carry it.
_OLD_SUITES = ("buster", "bullseye")


@dataclass(frozen=True)
class Attempt:
    """One command in a system.

    Attributes:
        program: file in inside/.
        arguments: of the program.
        expected: what the output has to hold.
        user: who runs it.
    """

    program: str
    expected: str
    arguments: tuple[str, ...] = ()
    user: str = ROOT_USER


@dataclass(frozen=True)
class System:
    """A root file system and what is tried in it.

    Attributes:
        name: as the table has it; also chosen by it.
        make: makes the root in the folder that it is given, which does not exist yet.
        attempts: what is run there.
    """

    name: str
    make: Callable[[Path], Path]
    attempts: tuple[Attempt, ...]


WORKS = tuple(Attempt("use.py", "works: ", ("/data",), user) for user in (ROOT_USER, ORDINARY_USER))


def _debian(suite: str, packages: list[str] = PYTHON_PACKAGES, architecture: str = "amd64") -> Callable[[Path], Path]:
    return lambda target: unpack(target, suite, packages, architecture)


def _distroless(target: Path) -> Path:
    root = unpack(target, "bookworm", PYTHON_PACKAGES)
    keep_only(root, ["python3"])
    programs = [path.name for folder in ("bin", "usr/bin", "sbin", "usr/sbin") for path in (root / folder).glob("*")]
    assert programs and all(name.startswith("python3") for name in programs), programs
    return root


def _oldest(target: Path) -> Path:
    for suite in _OLD_SUITES[:-1]:
        try:
            return unpack(target, suite, PYTHON_PACKAGES)
        except NotPossible as reason:
            print(f"images: {reason}; the next one is tried", flush=True)
    return unpack(target, _OLD_SUITES[-1], PYTHON_PACKAGES)


def _other_processor(target: Path) -> Path:
    root = unpack(target, "trixie", PYTHON_PACKAGES, "riscv64")
    return add_emulator(root, "riscv64")


def add_emulator(root: Path, machine: str) -> Path:
    """Puts Debian's user-mode emulator into a root, as /emulator/qemu: python3 is then started by it."""
    programs = root.with_name(f"{root.name}-qemu")
    unpack(programs, "trixie", ["qemu-user"], only=f"usr/bin/qemu-{machine}")
    (root / "emulator").mkdir()
    (programs / "usr/bin" / f"qemu-{machine}").rename(root / "emulator" / "qemu")
    shutil.rmtree(programs)
    return root


SYSTEMS = [
    System("Debian 12", _debian("bookworm"), WORKS),
    System("Debian 13", _debian("trixie"), WORKS),
    System("without shell and package manager", _distroless, WORKS),
    System(
        "the oldest glibc",
        _oldest,
        (
            Attempt("load.py", "loads: ", (f"/opt/site/{LIBRARY}",)),
            Attempt("load.py", "loads: ", (f"/opt/site/{LIBRARY}",), ORDINARY_USER),
            Attempt("refused.py", "UnsupportedPlatformError: Python 3.11+ required: this is Python 3.", ("as it is",)),
        ),
    ),
    System(
        "Debian 12, python3-minimal",
        _debian("bookworm", ["python3-minimal"]),
        (Attempt("refused.py", "UnsupportedPlatformError: This Python has no ctypes", ("as it is",)),),
    ),
    System(
        "riscv64",
        _other_processor,
        (Attempt("refused.py", "UnsupportedPlatformError: Unsupported architecture 'riscv64'", ("as it is",)),),
    ),
    System(
        "musl, simulated",
        _debian("trixie"),
        (Attempt("refused.py", "python:slim instead of python:alpine", ("musl",)),),
    ),
]


def install(wheel: Path, target: Path) -> Path:
    """Makes `target`, which the systems get to see: the wheel, unpacked as an installer does it, and our programs."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "site")
    # Copied, because in Bazel's runfiles they are links to a folder that no system sees.
    (target / "programs").mkdir()
    for program in INSIDE.glob("*.py"):
        shutil.copyfile(program, target / "programs" / program.name)
    return target


def attempt(root: Path, installed: Path, what: Attempt) -> subprocess.CompletedProcess[str]:
    """Runs one attempt in a root, which sees what `install` has made."""
    sandbox = Sandbox(
        root,
        files={"/opt": installed},
        user=what.user,
        environment={"PYTHONPATH": "/opt/site", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"},
    )
    emulator = ["/emulator/qemu"] if (root / "emulator").exists() else []
    return sandbox.run(*emulator, PYTHON, f"/opt/programs/{what.program}", *what.arguments)
