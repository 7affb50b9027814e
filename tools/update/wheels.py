# SPDX-License-Identifier: Apache-2.0
"""Python wheels, through uv: it resolves, and writes the hash of every wheel that an index has of a version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.update.checkout import Checkout, Refused
from tools.update.web import Unreachable

INDEX = "the Python package index"

Newest = Callable[[], dict[str, str]]

# The Python and the machine that build and test; the compiler's and the linters' wheels are for that one.
_OPTIONS = [
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
    "--python-version=3.13",
    "--python-platform=x86_64-manylinux_2_28",
]
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\;]+)", re.MULTILINE)


def locks(checkout: Checkout) -> list[str]:
    """Returns the names of the lock files; beside each lies the .in file that it is made from."""
    return [name for name in checkout.glob("tools/pytest/*.txt") if (checkout.root / name).with_suffix(".in").exists()]


def pinned(text: str) -> dict[str, str]:
    """Returns the version of each distribution that a requirements file pins."""
    return dict(_PINNED.findall(text))


def newest(checkout: Checkout, lock: str) -> dict[str, str]:
    """Returns the newest version of each distribution of a lock that fits all others, whatever its .in file pins.

    Raises:
        Unreachable: the index does not answer.
    """
    free = _PINNED.sub(r"\1", checkout.read(source(lock)))
    return pinned(_compile(lock, free, "", ["--upgrade"]))


def upgrade(checkout: Checkout, lock: str, name: str, version: str) -> None:
    """Pins one distribution of a lock at another version; others move only where they have to.

    Raises:
        Unreachable: the index does not answer.
        Refused: there is no such version, or it fits no other pin.
    """
    wanted = checkout.read(source(lock))
    pattern = rf"^({re.escape(name)}(?:\[[^]]*\])?==)\S+"
    wanted = re.sub(pattern, lambda found: found[1] + version, wanted, flags=re.MULTILINE)
    text = _compile(lock, wanted, checkout.read(lock), [f"--upgrade-package={name}=={version}"])
    if pinned(text).get(name) != version:
        raise Refused(f"the other pins of {lock} do not go with {name} {version}", f"cat {source(lock)}")
    checkout.change(source(lock), wanted)
    checkout.change(lock, text)


def source(lock: str) -> str:
    """Returns the name of the .in file of a lock."""
    return lock.removesuffix(".txt") + ".in"


def _compile(lock: str, wanted: str, before: str, options: list[str]) -> str:
    with TemporaryDirectory(prefix="dqlitepy-update-") as folder:
        given = Path(folder, Path(source(lock)).name)
        made = Path(folder, Path(lock).name)
        given.write_text(wanted)
        if before:
            made.write_text(before)
        command = [_uv(), "pip", "compile", "--quiet", "--no-config", "--no-cache", *_OPTIONS, *options]
        process = subprocess.run(
            [*command, f"--output-file={made.name}", given.name],
            cwd=folder,
            env=os.environ | _pips_settings(),
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            said = " ".join(process.stderr.split())
            if "No solution found" in said:
                raise Refused(f"no set of wheels goes together: {said}", f"cat {source(lock)}")
            raise Unreachable(INDEX, said)
        return made.read_text()


def _pips_settings() -> dict[str, str]:
    """The machine's index and certificates, which its pip knows, in uv's words."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    # pip is found where this program's own modules are.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    configured = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    # `global.index-url='…'` of a file, `:env:.index-url='…'` of the environment; the latter comes last.
    pip = {
        key.rpartition(".")[2]: value.strip("'\"")
        for key, _, value in (x.partition("=") for x in configured.splitlines())
    }
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
    settings = {name: pip[key] for key, name in names.items() if pip.get(key)}
    if "trusted-host" in pip:
        settings["UV_INSECURE_HOST"] = pip["trusted-host"]
    return settings


def _uv() -> str:
    # Beside site-packages where Bazel unpacked the wheel, beside the interpreter in a virtual environment.
    folders = [Path(entry).parent / "bin" for entry in sys.path if Path(entry).name == "site-packages"]
    for folder in [*folders, Path(sys.executable).parent]:
        found = shutil.which("uv", path=str(folder))
        if found:
            return found
    raise Unreachable(INDEX, "there is no uv beside this Python: run `tools/bazel run //tools:update`")
