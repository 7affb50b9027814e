# SPDX-License-Identifier: Apache-2.0
"""How a program of a test loads the library that --config=asan or --config=tsan builds, not the one that ships.

The program sees a package whose modules are links to the real ones, beside the other library. The sanitizer's run-time
library must be there before the program is, so it is preloaded; what the program starts itself does without.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

# The path of the library; the tests of //tests/sanitizers have it.
VARIABLE = "DQLITEPY_SANITIZED_LIBRARY"

# A shell, say, dies of ThreadSanitizer in it.
_SITE = """\
import os
os.environ.pop("LD_PRELOAD", None)
"""


def sanitized(environment: dict[str, str], package: Path) -> dict[str, str]:
    """Returns the environment of a program whose library has the sanitizer; unchanged where no test asks for one."""
    library = os.environ.get(VARIABLE)
    if not library:
        return environment
    path = os.pathsep.join([str(_overlay(Path(library).absolute(), package)), environment["PYTHONPATH"]])
    return environment | {"PYTHONPATH": path, "LD_PRELOAD": _run_time_library(library)}


@cache
def _overlay(library: Path, package: Path) -> Path:
    overlay = Path(tempfile.mkdtemp(prefix="sanitized-"))
    atexit.register(shutil.rmtree, overlay, ignore_errors=True)
    (overlay / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    for folder, _, names in os.walk(package, followlinks=True):
        place = overlay / package.name / Path(folder).relative_to(package)
        place.mkdir()
        for name in names:
            (place / name).symlink_to(library if name.endswith(".so") else Path(folder, name).absolute())
    return overlay


@cache
def _run_time_library(library: str) -> str:
    needed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
    [found] = re.findall(r"lib[at]san\.so\S* => (\S+)", needed)
    return str(found)
