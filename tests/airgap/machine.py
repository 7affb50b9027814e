# SPDX-License-Identifier: Apache-2.0
"""A machine of the test's own making, for the scripts that look at the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# In Bazel's runfiles the tree has the same shape as in the source. Not resolved: there every file is a link of its own.
ROOT = Path(os.path.abspath(__file__)).parent.parent.parent

# Debian's essential packages, as far as the scripts use them.
ESSENTIAL = [
    "basename",
    "cat",
    "chmod",
    "cp",
    "cut",
    "date",
    "dirname",
    "dpkg",
    "dpkg-deb",
    "echo",
    "env",
    "expr",
    "find",
    "flock",
    "grep",
    "head",
    "id",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "printf",
    "readlink",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "sleep",
    "stat",
    "tail",
    "tar",
    "timeout",
    "touch",
    "tr",
    "true",
    "uname",
    "wc",
    "xargs",
]

# What the online edition asks for.
HOST_TOOLS = ["autoconf", "automake", "libtoolize", "m4", "perl", "make", "pkg-config"]

# Longer than anything takes on a loaded machine: only ends what hangs.
HANG = 120.0


class Machine:
    """A checkout, a home and a PATH that holds the essential programs and what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.home = folder / "home"
        self.programs = folder / "programs"
        self.log = folder / "calls"
        self.home.mkdir()
        self.programs.mkdir()
        for name in ESSENTIAL:
            program = shutil.which(name)
            assert program, f"{name} is missing on this machine"
            (self.programs / name).symlink_to(program)
        shutil.copytree(ROOT / "tools" / "entry", self.checkout / "tools" / "entry")
        shutil.copytree(ROOT / "tools" / "online", self.checkout / "tools" / "online")
        airgap = shutil.copytree(
            ROOT / "tools" / "airgap",
            self.checkout / "tools" / "airgap",
            ignore=shutil.ignore_patterns("rulesets"),
        )
        for stand_in in ["rules_foreign_cc", "rules_python"]:
            (airgap / "rulesets" / stand_in).mkdir(parents=True)
            (airgap / "rulesets" / stand_in / "MODULE.bazel").touch()
        for name in ("bazel", "pins.py"):
            shutil.copy(ROOT / "tools" / name, self.checkout / "tools" / name)

    @property
    def cache(self) -> Path:
        return self.home / ".cache" / "dqlitepy"

    def provide(self, name: str, script: str = "") -> None:
        """Puts a program on PATH that records how it is called and then runs the script."""
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.log}"\n{script}\n')
        program.chmod(0o755)

    def calls(self, name: str) -> list[str]:
        """Returns the arguments of each call of a provided program."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == name]

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        clean = {"PATH": str(self.programs), "HOME": str(self.home), "TMPDIR": str(self.home.parent)} | environment
        return subprocess.Popen(
            command, cwd=self.checkout, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *command: str, **environment: str) -> tuple[int, str, str]:
        """Returns exit status, output and error output."""
        process = self.start(*command, **environment)
        output, errors = process.communicate(timeout=HANG)
        return process.returncode, output, errors

    def bazel(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        return self.run("tools/bazel", *arguments, **environment)

    def refusal(self, *arguments: str, **environment: str) -> tuple[str, str]:
        """Returns the last two lines that tools/bazel says: what is wrong, and what to type."""
        status, _, errors = self.bazel(*arguments, **environment)
        assert status == 1, errors
        wrong, command = errors.splitlines()[-2:]
        assert wrong.startswith("dqlitepy: "), errors
        assert command.startswith("Type: "), errors
        return wrong.removeprefix("dqlitepy: "), command.removeprefix("Type: ")
