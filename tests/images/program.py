# SPDX-License-Identifier: Apache-2.0
"""Runs the wheel on systems with nothing but a Python: `tools/bazel run //tests/images`.

Each system is made of Debian's packages, in a folder that is deleted afterwards, and the wheel is run there without
network: as root and as an ordinary user, with a root that nobody can write to and the data on a tmpfs.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.abi import elf
from tests.images.debian import NotPossible
from tests.images.sandbox import USERS, require_namespaces
from tests.images.systems import LIBRARY, SYSTEMS, System, attempt, install
from tests.images.table import as_table

_OLDEST_GLIBC = (2, 28)


def main() -> int:
    """Returns 0 where every system did as expected, 1 where one did not, 2 where one could not be made."""
    options = _parser().parse_args()
    chosen = [system for system in SYSTEMS if not options.only or system.name in options.only]
    with TemporaryDirectory(prefix="images-") as name:
        work = Path(name)
        # An ordinary user runs what is in there.
        work.chmod(0o755)
        try:
            for user in USERS:
                require_namespaces(user)
            installed = install(options.wheel, work / "installed")
            results = [_symbols(installed / "site")]
            for system in chosen:
                results += _try(system, _root(system, options.keep or work), installed)
        except NotPossible as failure:
            print(f"images: {failure}\nType: {failure.remedy}", file=sys.stderr)
            return 2
    print(as_table(["system", "user", "", "what it said"], results))
    return 1 if any(_FAILED in row for row in results) else 0


_PASSED, _FAILED = "as expected", "WRONG"


def _root(system: System, folder: Path) -> Path:
    root = folder / system.name.replace(" ", "-").replace(",", "")
    if not root.exists():
        print(f"images: making a system: {system.name} ...", flush=True)
        # A half-made one that was killed has another name.
        system.make(root.with_name(f"{root.name}.{os.getpid()}")).rename(root)
    return root


def _try(system: System, root: Path, installed: Path) -> list[list[str]]:
    rows = []
    for what in system.attempts:
        process = attempt(root, installed, what)
        said = process.stdout.strip()
        passed = process.returncode == 0 and what.expected in said
        if passed:
            print(f"images: {system.name}, {what.user}: {said}", flush=True)
        else:
            print(
                f"images: {system.name}, {what.user}: status {process.returncode}, expected {what.expected!r}\n{said}"
            )
        last = said.splitlines()[-1] if said else ""
        rows.append([system.name, what.user, _PASSED if passed else _FAILED, last])
    return rows


def _symbols(site: Path) -> list[str]:
    """The library needs no symbol of a newer glibc, which no system that can be had may show."""
    library = elf.read((site / LIBRARY).read_bytes())
    required = {version for versions in library.versions.values() for version in versions}
    newest = max(tuple(int(part) for part in version.removeprefix("GLIBC_").split(".")) for version in required)
    said = f"needs glibc {'.'.join(map(str, newest))} or newer"
    return ["symbols of the library", "", _PASSED if newest <= _OLDEST_GLIBC else _FAILED, said]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="images", description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel for x86_64 (Bazel names it)")
    parser.add_argument(
        "--only", action="append", choices=[system.name for system in SYSTEMS], help="this system; may be repeated"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the systems in there, and take them from there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
