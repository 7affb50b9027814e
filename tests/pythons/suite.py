# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a wheel with one CPython, file by file, and tells how far it is."""

from __future__ import annotations

import re
import subprocess
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.pythons.interpreters import Interpreter

# Longer than anything takes on a busy machine: only ends what hangs, a test sooner than its file, so that it is named.
_TEST_HANG = 600
_FILE_HANG = 1800.0

_OPTIONS = [
    "-q",
    "-p",
    "no:cacheprovider",
    "--color=no",
    "-o",
    f"faulthandler_timeout={_TEST_HANG}",
    "-o",
    "faulthandler_exit_on_timeout=true",
]


@dataclass
class Outcome:
    """What came of all files.

    Attributes:
        counts: how many tests ended how, by pytest's words for it.
        failed: the files with a test that failed, or that did not come to their end.
        seconds: how long it took.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether there were tests, and all passed."""
        return not self.failed and set(self.counts) == {"passed"}

    def __str__(self) -> str:
        return ", ".join(f"{count} {word}" for word, count in self.counts.items()) or "no test ran"


def files_with_tests(checkout: Path, chosen: Sequence[str]) -> list[str]:
    """Returns the files with tests in what is chosen, or in pyproject.toml's testpaths; what is no folder stays."""
    settings = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    folders = chosen or settings["tool"]["pytest"]["ini_options"]["testpaths"]
    files: list[str] = []
    for name in folders:
        found = sorted(str(path.relative_to(checkout)) for path in (checkout / name).rglob("test_*.py"))
        files += found or [name]
    return files


def run_suite(interpreter: Interpreter, shared: Path, tools: Path, files: Sequence[str]) -> Outcome:
    """Runs every file in a process of its own, whether or not one before it failed."""
    outcome = Outcome()
    started = time.monotonic()
    for number, file in enumerate(files, 1):
        began = time.monotonic()
        try:
            status, output = interpreter.run(shared, tools, [*_OPTIONS, file], _FILE_HANG)
        except subprocess.TimeoutExpired as hang:
            status, output = -1, f"{_text(hang.output)}\n{file} hangs: ended after {_FILE_HANG:.0f} s"
        last = (output.strip().splitlines() or ["nothing was printed"])[-1].strip("= ")
        for count, word in re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b", last):
            outcome.counts[word] = outcome.counts.get(word, 0) + int(count)
        if status != 0:
            outcome.failed.append(file)
            print(output, flush=True)
        print(
            f"pythons: {interpreter.name}: {number} of {len(files)}: {file}: {'' if status == 0 else 'FAILED: '}"
            f"{re.sub(r' in [0-9.]+s.*', '', last)}, {time.monotonic() - began:.0f} s; so far {outcome}",
            flush=True,
        )
    outcome.seconds = time.monotonic() - started
    return outcome


def _text(output: str | bytes | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
