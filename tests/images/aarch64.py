# SPDX-License-Identifier: Apache-2.0
"""Runs the wheel for aarch64 under user-mode emulation: `tools/bazel run //tests/images:aarch64`.

Debian's Python for arm64 loads it and works as a client of a node on this machine, run by the wheel for x86_64. What
it is not for is tried too, and has to be told clearly: the other wheel in that system, and a node under emulation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.images.debian import NotPossible, unpack
from tests.images.sandbox import USERS, Sandbox, require_namespaces
from tests.images.systems import PYTHON, PYTHON_PACKAGES, add_emulator, install
from tests.images.table import as_table


def main() -> int:
    """Returns 0 where the wheel did as expected, 1 where it did not, 2 where the system could not be made."""
    options = _parser().parse_args()
    with TemporaryDirectory(prefix="images-") as name:
        work = Path(name)
        work.chmod(0o755)
        try:
            for user in USERS:
                require_namespaces(user)
            host = install(options.wheel, work / "x86_64")
            emulated = install(options.aarch64_wheel, work / "aarch64")
            print("images: making a system: Debian 13 for arm64, and its emulator ...", flush=True)
            root = add_emulator(unpack(work / "root", "trixie", PYTHON_PACKAGES, "arm64"), "aarch64")
            rows = []
            for user in USERS:
                with _node(host, work / f"node of {user}") as address:
                    rows.append(_try(root, emulated, user, "works as a client: ", "client.py", address))
                missing = "InterfaceError: /opt/site/dqlitepy/_lib/linux-arm64/libdqlitepy.so is missing"
                rows.append(_try(root, host, user, missing, "refused.py", "as it is"))
        except NotPossible as failure:
            print(f"images: {failure}\nType: {failure.remedy}", file=sys.stderr)
            return 2
    print(as_table(["tried", "user", "", "what it said"], rows))
    return 1 if any("WRONG" in row for row in rows) else 0


@contextmanager
def _node(installed: Path, directory: Path) -> Iterator[str]:
    """Yields the address of a node in a process of its own on this machine."""
    with subprocess.Popen(
        [sys.executable, str(installed / "programs" / "node.py"), str(directory)],
        env={"PYTHONPATH": str(installed / "site"), "PATH": os.defpath},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise NotPossible("the node on this machine did not start (see above)", "tools/bazel run //tests/images")
        yield address
        process.communicate()


def _try(root: Path, installed: Path, user: str, expected: str, program: str, argument: str) -> list[str]:
    sandbox = Sandbox(
        root,
        files={"/opt": installed},
        user=user,
        network=True,
        environment={"PYTHONPATH": "/opt/site", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    process = sandbox.run("/emulator/qemu", PYTHON, f"/opt/programs/{program}", argument)
    said = process.stdout.strip()
    passed = process.returncode == 0 and expected in said
    print(f"images: {program}, {user}: {said}", flush=True)
    return [program, user, "as expected" if passed else "WRONG", said.splitlines()[-1] if said else ""]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aarch64", description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True, help="the wheel for x86_64 (Bazel names it)")
    parser.add_argument("--aarch64-wheel", type=Path, required=True, help="the wheel for aarch64 (Bazel names it)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
