# SPDX-License-Identifier: Apache-2.0
"""Runs the wheel's own tests on every CPython that is found: `tools/bazel run //tests/pythons`.

These are the tests that need nothing but the package, pytest and hypothesis (testpaths in pyproject.toml). Pythons come
from PATH, from pyenv and, in systems of their own without network, from Debian 12, 13 and sid.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.images.debian import NotPossible
from tests.images.table import as_table
from tests.pythons.interpreters import Interpreter, debian, on_this_machine
from tests.pythons.tools import install_tools

# What the tests read, beside themselves.
_READ = ("docs", "examples", "go/abi", "pyproject.toml", "tests")


def main() -> int:
    """Returns 0 where all tests passed on all Pythons, 1 where one failed, 2 where one could not be tried."""
    options = _parser().parse_args()
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")).absolute()
    with TemporaryDirectory(prefix="pythons-") as name:
        work = Path(name)
        work.chmod(0o755)
        _copy(checkout, options.wheel, work / "shared")
        rows = []
        try:
            for interpreter in _interpreters(work, options):
                print(f"pythons: {interpreter.name}, from {interpreter.origin} ...", flush=True)
                tools = install_tools(checkout, work / f"tools-{interpreter.tag}", interpreter)
                began = time.monotonic()
                process = interpreter.run(work / "shared", tools, options.tests)
                lines = process.stdout.strip().splitlines() or ["nothing was printed"]
                if process.returncode != 0:
                    print(process.stdout, flush=True)
                result = "passed" if process.returncode == 0 else "FAILED"
                rows.append([interpreter.name, interpreter.origin, result, lines[-1].strip("= ")])
                print(f"pythons: {interpreter.name}: {result} in {time.monotonic() - began:.0f} s", flush=True)
        except NotPossible as failure:
            print(f"pythons: {failure}\nType: {failure.remedy}", file=sys.stderr)
            return 2
    print(as_table(["Python", "from", "", "pytest says"], rows))
    return 0 if rows and all(row[2] == "passed" for row in rows) else 1


def _interpreters(work: Path, options: argparse.Namespace) -> list[Interpreter]:
    found = {} if options.only_debian else {interpreter.name: interpreter for interpreter in on_this_machine()}
    for suite in ("bookworm", "trixie", "sid"):
        interpreter = debian(suite, work / suite)
        # Tested once: the one of Debian, because its system holds nothing else.
        found[interpreter.name] = interpreter
    chosen = [found[name] for name in sorted(found) if not options.only or found[name].tag in options.only]
    if not chosen:
        raise NotPossible(f"none of the Pythons here is {', '.join(options.only)}", "tools/bazel run //tests/pythons")
    return chosen


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
        "--only", action="append", metavar="3.11", help="this Python; may be repeated (3.13t: without GIL)"
    )
    parser.add_argument("--only-debian", action="store_true", help="not those of this machine")
    return parser


if __name__ == "__main__":
    sys.exit(main())
