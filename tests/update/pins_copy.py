# SPDX-License-Identifier: Apache-2.0
"""A copy of this checkout's pins that the program may change."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.update.registries import Registries

# In Bazel's runfiles the tree has the same shape as in the source. Not resolved: there every file is a link of its own.
ROOT = Path(os.path.abspath(__file__)).parent.parent.parent
GO = os.path.abspath(os.environ["DQLITEPY_GO"]) if "DQLITEPY_GO" in os.environ else shutil.which("go")

PATTERNS = [
    ".bazelversion",
    ".github/workflows/*.yml",
    "MODULE.bazel",
    "go/go.*",
    "tests/consumer/.bazelversion",
    "tests/consumer/MODULE.bazel",
    "third_party/pins.bzl",
    "tools/airgap/lock.txt",
    "tools/airgap/rulesets/*/MODULE.bazel",
    "tools/online/bazelisk.sh",
]
LOCK = "tools/pytest/requirements.txt"
WANTED = "tools/pytest/requirements.in"

# Longer than anything takes on a loaded machine: only ends what hangs.
HANG = 120.0


class Copy:
    """The copy, with two small locks of wheels in the place of the real ones."""

    def __init__(self, folder: Path, registries: Registries) -> None:
        assert GO
        self.root = folder / "checkout"
        self._registries = registries
        self._environment = {
            "DQLITEPY_MIRROR": f"{registries.address}/debian",
            "GOCACHE": str(folder / "gocache"),
            "GOMODCACHE": str(folder / "gomodcache"),
            "GOPROXY": f"file://{registries.proxy}",
            "GOSUMDB": "off",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "PIP_INDEX_URL": f"{registries.address}/simple",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "TMPDIR": str(folder),
            "UV_HTTP_RETRIES": "0",
            "no_proxy": "*",
        }
        for pattern in PATTERNS:
            files = list(ROOT.glob(pattern))
            assert files, pattern
            for file in files:
                self.write(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def files(self) -> dict[str, str]:
        """Returns the text of every file, also of those that do not belong there."""
        return {str(file.relative_to(self.root)): file.read_text() for file in self.root.rglob("*") if file.is_file()}

    def go(self, folder: str, *arguments: str) -> None:
        """Runs go in a folder of the copy."""
        environment = self._environment | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        subprocess.run([str(GO), *arguments], cwd=self.root / folder, env=environment, check=True, capture_output=True)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        # As Bazel names it: by a path that is relative to where the program is started.
        go = os.path.relpath(str(GO), self.root)
        command = [sys.executable, "-m", "tools.update.program", f"--checkout={self.root}", f"--go={go}"]
        return subprocess.run(
            [*command, f"--github={self._registries.address}/github", *arguments],
            env=self._environment | environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG,
        )

    def apply(self, name: str, version: str, **environment: str) -> dict[str, list[str]]:
        """Applies a version and returns, of each file that changed, the new lines."""
        before = self.files()
        process = self.run("--apply", name, version, **environment)
        assert process.returncode == 0, process.stderr
        after = self.files()
        assert after.keys() == before.keys()
        changed = {
            name: [line for line in text.splitlines() if line not in before[name].splitlines()]
            for name, text in after.items()
            if text != before[name]
        }
        assert process.stdout.splitlines()[1:-1] == [f"  {name}" for name in sorted(changed)]
        for name, lines in changed.items():
            # What is gone was replaced, line by line: nothing else moved.
            gone = [line for line in before[name].splitlines() if line not in after[name].splitlines()]
            assert len(gone) == len(lines), name
        return changed

    def refusal(self, *arguments: str, **environment: str) -> str:
        """Returns why something is refused; AssertionError where it is not, or where a file changed all the same."""
        before = self.files()
        process = self.run(*arguments, **environment)
        assert process.returncode == 1, process.stdout + process.stderr
        assert self.files() == before
        wrong, advice = process.stderr.splitlines()
        assert wrong.startswith("update: ")
        assert advice.startswith("Type: ")
        return wrong.removeprefix("update: ")

    def table(self, *names: str, **environment: str) -> tuple[dict[str, list[str]], str]:
        """Returns the cells of each row by its name, and what stands below the table."""
        process = self.run(*names, **environment)
        assert process.returncode == 0, process.stderr
        table, _, below = process.stdout.partition("\n\n")
        rows = [re.split(r" {2,}", line) for line in table.splitlines()]
        assert rows[0] == ["NAME", "PINNED", "NEWEST", "SEEN AT"]
        return {row[0]: row[1:] for row in rows[1:]}, below

    def pinned(self, pattern: str, name: str) -> str:
        """Returns what a pattern's group finds in a file."""
        found = re.search(pattern, self.read(name), re.MULTILINE)
        assert found, pattern
        return found[1]
