# SPDX-License-Identifier: Apache-2.0
"""Somebody who does what a page says: saves its files, runs its commands, and compares what they print."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic, sleep

import pip

from tests.support import HANG, PACKAGE, free_address

BLOCK = re.compile(
    r"^```(?P<language>sh|python|text) ?(?P<info>[^\n]*)\n(?P<text>.*?)^```$(?:\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)

# The page's own `python3` makes environments without a pip, since not every Python here has one; `pip` is the test's.
# Without a wheel, both do nothing, and `python` and `dqlitepy` are those of the package under test.
_PYTHON3 = """#!/bin/sh
[ "$*" = "-m venv .venv" ] || exit 9
{python} -I -m venv --without-pip .venv
cp {pip} .venv/bin/pip
"""
_PIP = """#!/bin/sh
PYTHONPATH={above_pip} exec {python} -m pip --python .venv/bin/python --disable-pip-version-check --no-cache-dir \\
    "$1" --quiet --no-index "$2"
"""
_WITHOUT_WHEEL = {
    "python3": '#!/bin/sh\nmkdir -p .venv/bin && echo "VIRTUAL_ENV=.venv" >.venv/bin/activate\n',
    "pip": "#!/bin/sh\n",
    "python": '#!/bin/sh\nPYTHONPATH={path} exec {python} "$@"\n',
    "dqlitepy": '#!/bin/sh\nPYTHONPATH={path} exec {python} -m dqlitepy "$@"\n',
}


class Reader:
    """Works in one folder. What a shell exports lasts from block to block.

    Args:
        folder: an empty one.
        wheel: what the page installs. Without it the page's programs are those of the package under test, and
            installing does nothing.
    """

    def __init__(self, folder: Path, wheel: str | None = None) -> None:
        self.folder = folder / "here"
        self.folder.mkdir()
        self._exports = folder / "exports"
        self._exports.touch()
        self._nodes: list[subprocess.Popen[str]] = []
        binaries = folder / "bin"
        binaries.mkdir()
        places = {
            "python": shlex.quote(sys.executable),
            "path": shlex.quote(os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])),
            "above_pip": shlex.quote(str(Path(pip.__file__).absolute().parents[1])),
            "pip": shlex.quote(str(binaries / "pip")),
        }
        for name, text in ({"python3": _PYTHON3, "pip": _PIP} if wheel else _WITHOUT_WHEEL).items():
            (binaries / name).write_text(text.format(**places))
            (binaries / name).chmod(stat.S_IRWXU)
        if wheel:
            (self.folder / Path(wheel).name).symlink_to(Path(wheel).absolute())
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self._environment = clean | {"PATH": f"{binaries}:/usr/bin:/bin", "PYTHONUNBUFFERED": "1"}
        ports = [free_address().rpartition(":")[2] for _ in range(3)]
        self._ports = {f"900{number}": port for number, port in enumerate(ports, 1)}

    def here(self, text: str) -> str:
        """Returns a text of the page with the ports that this test uses."""
        return re.sub(r"(?<=127\.0\.0\.1:)900\d", lambda match: self._ports[match[0]], text)

    def save(self, name: str, text: str) -> None:
        """Saves a file of the page."""
        (self.folder / name).write_text(self.here(text), encoding="utf-8")

    def run(self, text: str) -> str:
        """Runs the commands of a block and returns what they print."""
        script = f"set -eu; . {self._exports}; {self.here(text)}\nexport -p >{self._exports}"
        result = self._shell(script)
        output, errors = result.communicate(timeout=HANG)
        assert result.returncode == 0, f"{text}{output}{errors}"
        return output

    def start(self, text: str) -> str:
        """Starts the node of a block and returns its first line."""
        node = self._shell(f"set -eu; . {self._exports}; exec {self.here(text)}")
        self._nodes.append(node)
        assert node.stdout is not None
        return node.stdout.readline()

    def statuses(self) -> list[int]:
        """Waits for the end of the nodes and returns with which status each ended, in the order of their starts."""
        for node in self._nodes:
            node.communicate(timeout=HANG)
        return [node.returncode for node in self._nodes]

    def close(self) -> None:
        """Kills the nodes that still run."""
        for node in self._nodes:
            node.kill()
            node.communicate()

    def _shell(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def alike(expected: str, printed: str) -> bool:
    """Whether a text is what the page has.

    There, a line of `…` alone stands for any number of lines, and `…` in a line for any part of it; columns may be
    wider.
    """
    lines = (r"(?:.*\n)*?" if line == "…" else rf"\s*{inner(line)}\n" for line in expected.splitlines())
    return re.fullmatch("".join(lines), printed) is not None


def inner(line: str) -> str:
    """Returns the pattern of one line."""
    parts = (r"[^\n]*?".join(map(re.escape, word.split("…"))) for word in line.split())
    return r"[^\S\n]*".join(parts) if "…" in line else r"[^\S\n]+".join(parts)


def follow(block: Mapping[str, str | None], reader: Reader) -> str:
    """Does what a block says, and returns what it prints; a block to be repeated, until that is as on the page."""
    text, info, expected = block["text"] or "", block["info"], block["output"] or ""
    if info == "node":
        return reader.start(text)
    deadline = monotonic() + HANG
    while not alike(reader.here(expected), printed := reader.run(text)) and info == "repeat" and monotonic() < deadline:
        sleep(0.2)
    return printed
