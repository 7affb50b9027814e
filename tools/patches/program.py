# SPDX-License-Identifier: Apache-2.0
"""Makes docs/patches.md from the heads of the patches: `tools/bazel run //tools:patches`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools.patches.heads import BadHead, read_patches
from tools.patches.page import render
from tools.pins import NoPins

PAGE = "docs/patches.md"


def main() -> int:
    """Writes the page; returns 1 with one line on stderr where a head is not whole."""
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    try:
        text = render(read_patches(checkout))
    except (BadHead, NoPins) as error:
        print(f"patches: {error}\nType: git log -- third_party", file=sys.stderr)
        return 1
    (checkout / PAGE).write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
