# SPDX-License-Identifier: Apache-2.0
"""Makes the blocking files whose text is that of their twin in dqlitepy/aio: `tools/bazel run //tools:twins`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.twins.twins import TWINS, NoTwin, blocking


def main(arguments: list[str] | None = None) -> int:
    """Writes the files, or with --check compares them; returns 1 where one differs or cannot be made."""
    parser = argparse.ArgumentParser(prog="twins", description="Makes dqlitepy's blocking files of those for asyncio.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")
    options = parser.parse_args(arguments)
    package = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")) / "python" / "dqlitepy"
    outdated = []
    for name, made in TWINS.items():
        try:
            text = blocking(name, (package / "aio" / name).read_text(encoding="utf-8"))
        except NoTwin as error:
            print(f"twins: {error}", file=sys.stderr)
            return 1
        target = package / made
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        outdated.append(made)
        if not options.check:
            target.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote python/dqlitepy/{made}")
    if options.check and outdated:
        print(f"twins: outdated: {', '.join(outdated)}\nType: tools/bazel run //tools:twins", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
