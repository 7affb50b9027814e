# SPDX-License-Identifier: Apache-2.0
"""shellcheck finds nothing to say about any script, nor about the commands of the workflows."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.release.files import ROOT, WORKFLOWS, read_yaml
from tests.release.programs import program

# SC2016: commands in single quotes are for another shell. SC1091: what tools/bazel sources is listed beside it.
# SC2034, SC2154: a variable that one sourced file sets and another reads.
EXCLUDED = "SC1091,SC2016,SC2034,SC2154"


def shellcheck(*arguments: str, text: str | None = None) -> None:
    command = [program("shellcheck"), "--norc", "--color=never", f"--exclude={EXCLUDED}", *arguments]
    process = subprocess.run(command, input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_scripts() -> None:
    tools = ROOT / "tools"
    scripts = [
        *tools.glob("*/*.sh"),
        tools / "dev.sh.tpl",
        *(file for file in tools.iterdir() if is_script(file)),
        ROOT / ".ci" / "run",
        ROOT / "third_party" / "host_tools" / "fingerprint.sh",
    ]
    names = {str(script.relative_to(ROOT)) for script in scripts}
    assert {"tools/bazel", "tools/airgap/userland.sh", "tools/release_archive", ".ci/run"} <= names
    shellcheck("--shell=sh", *sorted(names))


def is_script(file: Path) -> bool:
    return file.is_file() and file.read_bytes().startswith(b"#!")


def test_commands_of_workflows() -> None:
    for file in WORKFLOWS:
        for job in read_yaml(file)["jobs"].values():
            for step in job.get("steps", []):
                if "run" in step:
                    shellcheck("--shell=bash", "-", text=step["run"])
