# SPDX-License-Identifier: Apache-2.0
"""The pins of pytest and of what the package's tests need with it: `python -m tests.pythons.pins >FILE`.

Versions and hashes are those of our own build. hypothesis has a module for each Python; the others run on all.
"""

from __future__ import annotations

import re
from pathlib import Path

_TOOLS = {"hypothesis", "iniconfig", "packaging", "pluggy", "pygments", "pytest", "sortedcontainers", "uvloop"}


def pins_for_tests(checkout: Path) -> str:
    """Returns them as the text of a requirements file."""
    pins = (checkout / "tools" / "pytest" / "requirements.txt").read_text(encoding="utf-8")
    chosen = [entry for entry in re.split(r"\n(?=[a-z])", pins) if entry.partition("==")[0] in _TOOLS]
    return "\n".join(chosen) + "\n"


if __name__ == "__main__":
    print(pins_for_tests(Path.cwd()), end="")
