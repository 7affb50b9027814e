# SPDX-License-Identifier: Apache-2.0
"""Somebody who does what a page says: saves its files, runs its commands, and compares what they print."""

from __future__ import annotations

import os
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

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
}
# The programs that pages call by their names, as pip installs them.
_MODULES = {
    "dqlitepy": "dqlitepy",
    "alembic": "alembic",
    "celery": "celery",
    "flask": "flask",
    "gunicorn": "gunicorn",
    "pyinstaller": "PyInstaller",
    "uvicorn": "uvicorn",
}
_MODULE = '#!/bin/sh\nPYTHONPATH={path} exec {python} -m %s "$@"\n'
# Asks again while nobody listens yet, as somebody does who has just started a server in another terminal.
_CURL = """#!/bin/sh
exec {python} -I -c '
import sys, time, urllib.error, urllib.request
deadline = time.monotonic() + {hang}
asked = urllib.request.Request(sys.argv[-1], method="POST" if "POST" in sys.argv else "GET")
while True:
    try:
        with urllib.request.urlopen(asked, timeout={hang}) as answer:
            print(answer.read().decode(), end="")
            break
    except urllib.error.HTTPError as error:
        sys.exit(str(error))
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
            raise
        time.sleep(0.1)
' "$@"
"""
# By which other programs find what the wheel brings along; test_tutorial.py compares it with a wheel.
ENTRY_POINTS = """[pyinstaller40]
hook-dirs = dqlitepy._pyinstaller.folders:hook_folders

[sqlalchemy.dialects]
dqlite = dqlitepy.sqlalchemy.dialect:Dialect
dqlite.aio = dqlitepy.sqlalchemy.aio:AsyncDialect
dqlite.dqlitepy = dqlitepy.sqlalchemy.dialect:Dialect
"""


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
        self._log = folder / "log"
        self._nodes: list[subprocess.Popen[str]] = []
        self._servers: list[subprocess.Popen[str]] = []
        self.installed = folder / "installed"
        binaries = folder / "bin"
        binaries.mkdir()
        paths = [str(PACKAGE.parent), str(self.installed), *filter(None, sys.path)]
        places = {
            "python": shlex.quote(sys.executable),
            "path": shlex.quote(os.pathsep.join(paths)),
            "above_pip": shlex.quote(str(Path(pip.__file__).absolute().parents[1])),
            "pip": shlex.quote(str(binaries / "pip")),
            "hang": HANG / 2,
        }
        programs = {"python3": _PYTHON3, "pip": _PIP}
        if wheel:
            (self.folder / Path(wheel).name).symlink_to(Path(wheel).absolute())
        else:
            programs = {
                **_WITHOUT_WHEEL,
                "curl": _CURL,
                **{name: _MODULE % module for name, module in _MODULES.items()},
            }
            information = self.installed / "dqlitepy-0.dist-info"
            information.mkdir(parents=True)
            (information / "METADATA").write_text("Metadata-Version: 2.1\nName: dqlitepy\nVersion: 0\n")
            (information / "entry_points.txt").write_text(ENTRY_POINTS)
        for name, text in programs.items():
            (binaries / name).write_text(text.format(**places))
            (binaries / name).chmod(stat.S_IRWXU)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "DJANGO_"))}
        # gunicorn stands still where it cannot write into the home directory, and PyInstaller keeps a cache there.
        self._environment = clean | {
            "PATH": f"{binaries}:/usr/bin:/bin",
            "PYTHONUNBUFFERED": "1",
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        ports = [free_address().rpartition(":")[2] for _ in range(5)]
        self._ports = dict(zip(("9001", "9002", "9003", "8000", "8001"), ports, strict=True))

    def here(self, text: str) -> str:
        """Returns a text of the page with the ports that this test uses."""
        return re.sub(r"(?:(?<=127\.0\.0\.1:)|(?<=--port ))(?:900[123]|800[01])\b", lambda m: self._ports[m[0]], text)

    def save(self, name: str, text: str) -> None:
        """Saves a file of the page; a second text under the same name goes behind the first."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(self.here(text))

    def run(self, text: str) -> str:
        """Runs the commands of a block and returns what they print."""
        script = f"set -eu; . {self._exports}; {self.here(text)}\nexport -p >{self._exports}"
        result = self._shell(script)
        output, errors = result.communicate(timeout=HANG)
        assert result.returncode == 0, f"{text}{output}{errors}{self.said()}"
        return output

    def start(self, text: str) -> str:
        """Starts the node of a block and returns its first line."""
        node = self._shell(f"set -eu; . {self._exports}; exec {self.here(text)}")
        self._nodes.append(node)
        assert node.stdout is not None
        return node.stdout.readline()

    def serve(self, text: str) -> None:
        """Starts the server of a block, which may have processes of its own."""
        with self._log.open("ab") as log:
            script = f"set -eu; . {self._exports}; {self.here(text)}"
            self._servers.append(self._shell(script, stdout=log, stderr=log, start_new_session=True))

    def said(self) -> str:
        """Returns what the servers have written."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def statuses(self) -> list[int]:
        """Waits for the end of the nodes and returns with which status each ended, in the order of their starts."""
        for node in self._nodes:
            node.communicate(timeout=HANG)
        return [node.returncode for node in self._nodes]

    def close(self) -> None:
        """Kills the nodes and servers that still run."""
        for server in self._servers:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        for node in self._nodes:
            node.kill()
            node.communicate()

    def _shell(self, script: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            text=True,
            **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options),
        )


def alike(expected: str, printed: str) -> bool:
    """Whether a text is what the page has.

    There, a line of `…` alone stands for any number of lines, and `…` in a line for any part of it; columns may be
    wider. The last line of what was printed may end without a newline.
    """
    lines = (r"(?:.*\n)*?" if line == "…" else rf"\s*{inner(line)}\n" for line in expected.splitlines())
    ended = printed if printed.endswith("\n") or not printed else printed + "\n"
    return re.fullmatch("".join(lines), ended) is not None


def inner(line: str) -> str:
    """Returns the pattern of one line."""
    parts = (r"[^\n]*?".join(map(re.escape, word.split("…"))) for word in line.split())
    return r"[^\S\n]*".join(parts) if "…" in line else r"[^\S\n]+".join(parts)


def follow(block: Mapping[str, str | None], reader: Reader) -> str:
    """Does what a block says, and returns what it prints; a block to be repeated, until that is as on the page."""
    text, info, expected = block["text"] or "", block["info"], block["output"] or ""
    if info == "node":
        return reader.start(text)
    if info == "server":
        reader.serve(text)
        return ""
    deadline = monotonic() + HANG
    while not alike(reader.here(expected), printed := reader.run(text)) and info == "repeat" and monotonic() < deadline:
        sleep(0.2)
    return printed
