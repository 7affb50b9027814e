# SPDX-License-Identifier: Apache-2.0
"""pytest and hypothesis for any Python, by the versions and hashes that our own build has pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.images.debian import NotPossible
from tests.pythons.interpreters import Interpreter
from tests.pythons.pins import pins_for_tests


def install_tools(checkout: Path, target: Path, interpreter: Interpreter) -> Path:
    """Installs the tools into a folder, whichever Python runs this; NotPossible where the package index fails."""
    requirements = target.with_name(target.name + ".txt")
    requirements.write_text(pins_for_tests(checkout))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--implementation=cp",
        "--root-user-action=ignore",
    ]
    command += [f"--python-version={interpreter.tag.removesuffix('t')}", f"--abi=cp{interpreter.tag.replace('.', '')}"]
    # Modules for the stable interface of all versions need the GIL; those for the newer abi3t do not.
    command += ["--abi=abi3t" if interpreter.tag.endswith("t") else "--abi=abi3", "--abi=none"]
    command += [f"--platform={platform}_x86_64" for platform in ("manylinux_2_28", "manylinux_2_17", "manylinux2014")]
    command += [f"--target={target}", f"--requirement={requirements}"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        said = process.stderr.strip().splitlines() or ["it said nothing"]
        complaints = [line for line in said if line.startswith("ERROR: ")] or said
        raise NotPossible(
            f"pip cannot install pytest for Python {interpreter.tag}: {complaints[-1]}",
            "python3 -m pip config list   (is there a package index that this machine reaches?)",
        )
    return target
