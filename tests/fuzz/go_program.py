# SPDX-License-Identifier: Apache-2.0
"""Runs Go's own fuzzing of the packages that read what servers and programs send: `tools/bazel run //tests/fuzz:go`.

What it finds, Go writes below go/PACKAGE/testdata, and `tools/bazel test //go/...` tries it from then on.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ("marshal", "pickle", "sql", "wire")


def targets(go: Path) -> list[tuple[str, str]]:
    """Returns the packages and names of all targets."""
    return [
        (package, name)
        for package in PACKAGES
        for file in sorted((go / package).glob("*_test.go"))
        for name in re.findall(r"^func (Fuzz\w+)\(", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]


def main() -> int:
    """Returns the status."""
    parser = argparse.ArgumentParser(
        prog="tools/bazel run //tests/fuzz:go --", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=5, help="for all targets together (default: 5)")
    parser.add_argument("--go", default="go", help="the go command")
    options = parser.parse_args()
    command = os.path.abspath(options.go) if os.sep in options.go else options.go
    module = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")) / "go"
    found = targets(module)
    seconds = max(1, round(options.minutes * 60 / len(found)))
    status = 0
    with tempfile.TemporaryDirectory(prefix="dqlitepy-go-") as cache:
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOCACHE": cache,
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
        }
        for package, name in found:
            print(f"{package}: {name}", flush=True)
            arguments = ["test", f"./{package}", "-run", "^$", "-fuzz", f"^{name}$", "-fuzztime", f"{seconds}s"]
            status |= subprocess.run([command, *arguments], cwd=module, env=environment, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
