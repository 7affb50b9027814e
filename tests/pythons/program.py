# SPDX-License-Identifier: Apache-2.0
"""Runs the wheel's own tests on every CPython that is found: `tools/bazel run //tests/pythons`.

These are the tests that need nothing but the package, pytest, hypothesis and uvloop (testpaths in pyproject.toml).
Pythons come from PATH, from pyenv and, in systems of their own without network, from Debian 12, 13 and sid.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.images.debian import NotPossible
from tests.images.table import as_table
from tests.pythons.interpreters import Interpreter, debian, given, on_this_machine
from tests.pythons.suite import files_with_tests, run_suite
from tests.pythons.tools import install_tools

# What the tests read, beside themselves.
_READ = ("docs", "examples", "go/abi", "pyproject.toml", "tests")

_SYSTEMS = {"bookworm": ["python3"], "trixie": ["python3"], "sid": ["python3", "python3.15"]}


def main() -> int:
    """Returns 0 where all tests passed on all Pythons, 1 where one failed, 2 where one could not be tried."""
    options = _parser().parse_args()
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")).absolute()
    with TemporaryDirectory(prefix="pythons-") as name:
        work = Path(name)
        work.chmod(0o755)
        _copy(checkout, options.wheel, work / "shared")
        interpreters, rows = _interpreters(work, options)
        rows += [_try(interpreter, checkout, work, options.tests) for interpreter in interpreters]
    if not rows:
        wanted = ", ".join(options.only) or "a CPython 3.11 or newer"
        print(f"pythons: none of those found is {wanted}\nType: tools/bazel run //tests/pythons", file=sys.stderr)
        return 2
    print(as_table(["Python", "from", "", "tests", "seconds"], rows))
    results = {row[2] for row in rows}
    return 1 if _FAILED in results else 2 if _NOT_TRIED in results else 0


_PASSED, _FAILED, _NOT_TRIED = "passed", "FAILED", "not tried"


def _try(interpreter: Interpreter, checkout: Path, work: Path, tests: list[str]) -> list[str]:
    """Returns a line of the table."""
    print(f"pythons: {interpreter.name}, from {interpreter.origin} ...", flush=True)
    try:
        tools = install_tools(checkout, work / f"tools-{interpreter.name}", interpreter)
    except NotPossible as failure:
        return _not_tried(interpreter.name, interpreter.origin, failure)
    outcome = run_suite(interpreter, work / "shared", tools, files_with_tests(work / "shared" / "checkout", tests))
    for file in outcome.failed:
        print(f"pythons: {interpreter.name}: failed: {file}", flush=True)
    result = _PASSED if outcome.passed else _FAILED
    return [interpreter.name, interpreter.origin, result, str(outcome), f"{outcome.seconds:.0f}"]


def _not_tried(name: str, origin: str, failure: NotPossible) -> list[str]:
    print(f"pythons: {failure}\nType: {failure.remedy}", file=sys.stderr, flush=True)
    return [name, origin, _NOT_TRIED, str(failure), ""]


def _interpreters(work: Path, options: argparse.Namespace) -> tuple[list[Interpreter], list[list[str]]]:
    """Returns the Pythons that are to be tried, and lines of the table for those that cannot be had."""
    found: dict[str, Interpreter] = {}
    rows = []
    if not options.only_debian:
        found |= {interpreter.name: interpreter for interpreter in on_this_machine()}
    if not options.only_here:
        for suite, packages in _SYSTEMS.items():
            try:
                # Tested once: the one of Debian, because its system holds nothing else.
                found |= {interpreter.name: interpreter for interpreter in debian(suite, packages, work / suite)}
            except NotPossible as failure:
                rows.append(_not_tried("", f"Debian {suite}", failure))
    for path in options.python:
        try:
            interpreter = given(path)
            found[interpreter.name] = interpreter
        except NotPossible as failure:
            rows.append(_not_tried("", path, failure))
    chosen = [found[name] for name in sorted(found) if not options.only or found[name].tag in options.only]
    return chosen, rows


def _copy(checkout: Path, wheel: Path, target: Path) -> None:
    """Makes the folder that every Python gets to see: the wheel as installed, the tests, and what these read."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "site")
    for name in _READ:
        if (checkout / name).is_dir():
            shutil.copytree(checkout / name, target / "checkout" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(checkout / name, target / "checkout" / name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pythons", description=__doc__)
    parser.add_argument("tests", nargs="*", help="only these files or folders, as pytest takes them")
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel for x86_64 (Bazel names it)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="3.11", help="this Python; may be repeated (3.13t: without GIL)"
    )
    parser.add_argument(
        "--python", action="append", default=[], metavar="PATH", help="this program, too; may be repeated"
    )
    sources = parser.add_mutually_exclusive_group()
    sources.add_argument("--only-debian", action="store_true", help="not those of this machine")
    sources.add_argument("--only-here", action="store_true", help="not those of Debian, so that no system is made")
    return parser


if __name__ == "__main__":
    sys.exit(main())
