# SPDX-License-Identifier: Apache-2.0
"""Finds CPythons: on this machine, and in Debian."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.images.debian import NotPossible, unpack
from tests.images.sandbox import Sandbox

_OLDEST = (3, 11)
_PROGRAM = re.compile(r"python3(\.\d+t?)?")
_ASK = (
    "import sys, sysconfig; "
    "print(sys.implementation.name, *sys.version_info[:3], sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
)


@dataclass(frozen=True)
class Interpreter:
    """A CPython that dqlitepy supports.

    Attributes:
        name: "3.13.5", with a "t" behind it where there is no GIL.
        tag: "3.13" or "3.13t".
        origin: where it was found, for people.
        path: of the program, in its root.
        root: the root file system that it needs; None stands for this machine's.
    """

    name: str
    tag: str
    origin: str
    path: str
    root: Path | None = None

    def run(self, shared: Path, tools: Path, arguments: Sequence[str], patience: float) -> tuple[int, str]:
        """Runs pytest with nothing but the wheel, the tools and the tests on the path.

        Returns:
            Its status, and what it printed.

        Raises:
            subprocess.TimeoutExpired: it and whatever it had started were ended after `patience` seconds.
        """
        if self.root is not None:
            sandbox = Sandbox(
                self.root,
                files={"/opt/shared": shared, "/opt/tools": tools},
                environment=_environment([Path("/opt/shared/site"), Path("/opt/tools"), Path("/opt/shared/checkout")]),
                folder="/opt/shared/checkout",
                patience=patience,
            )
            process = sandbox.run(self.path, "-m", "pytest", *arguments)
            return process.returncode, process.stdout
        with subprocess.Popen(
            [self.path, "-m", "pytest", *arguments],
            cwd=shared / "checkout",
            env=dict(_environment([shared / "site", tools, shared / "checkout"]), HOME=str(shared.parent)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                output, _ = running.communicate(timeout=patience)
            finally:
                # What the tests started and a hang or Ctrl-C left behind holds the pipe open.
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
        return running.returncode, output


def on_this_machine() -> list[Interpreter]:
    """Returns those of PATH and of pyenv, each version once."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions").glob("*/bin"))
    found: dict[str, Interpreter] = {}
    for folder in folders:
        for path in sorted(folder.glob("python3*")):
            # pyenv's shims need a version to be chosen.
            if _PROGRAM.fullmatch(path.name) and folder.name != "shims":
                interpreter = _ask(str(path), str(folder))
                if interpreter is not None:
                    found.setdefault(interpreter.name, interpreter)
    return list(found.values())


def given(path: str) -> Interpreter:
    """Returns the one at a path; NotPossible where it does not run, or is none that dqlitepy supports."""
    interpreter = _ask(path, path)
    if interpreter is None:
        raise NotPossible(
            f"{path} is no CPython 3.11 or newer", "tools/bazel run //tests/pythons -- --python /path/python3.13"
        )
    return interpreter


def debian(suite: str, packages: Sequence[str], target: Path) -> list[Interpreter]:
    """Makes a system with Debian's Pythons in `target`; NotPossible where the mirror does not give it."""
    print(f"pythons: making a system: Debian {suite}, {', '.join(packages)} ...", flush=True)
    # The tests of copied directories call cp, those of the command line a shell, that of the walkthrough bash.
    root = unpack(target, suite, [*packages, "bash", "coreutils", "dash"])
    # Made by the scripts of packages, which are not run; a node may have the name of its machine for its address.
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n", encoding="ascii")
    programs = sorted(path.name for path in (root / "usr/bin").glob("python3.*") if _PROGRAM.fullmatch(path.name))
    found = [_ask(f"/usr/bin/{name}", f"Debian {suite}", root) for name in programs]
    assert found and None not in found, f"Debian {suite}: not all of {programs} run"
    return [interpreter for interpreter in found if interpreter is not None]


def _ask(path: str, origin: str, root: Path | None = None) -> Interpreter | None:
    """Returns what an interpreter says of itself; None where it does not run, or is none of those that we support."""
    if root is not None:
        process = Sandbox(root).run(path, "-c", _ASK)
    else:
        process = subprocess.run([path, "-c", _ASK], capture_output=True, text=True, check=False, timeout=60)
    answer = process.stdout.split()
    if process.returncode != 0 or len(answer) != 5 or answer[0] != "cpython":
        return None
    major, minor, patch, free = map(int, answer[1:])
    if (major, minor) < _OLDEST:
        return None
    suffix = "t" if free else ""
    return Interpreter(f"{major}.{minor}.{patch}{suffix}", f"{major}.{minor}{suffix}", origin, path, root)


def _environment(folders: Sequence[Path]) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(map(str, folders)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        # Programs of Debian 12 are in /bin, which is no link to /usr/bin there where no script of a package was run.
        "PATH": os.defpath,
    }
