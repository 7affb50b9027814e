# SPDX-License-Identifier: Apache-2.0
"""What an action writes down of the build tools on PATH."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.airgap.machine import HANG, HOST_TOOLS, ROOT

SCRIPT = ROOT / "third_party" / "host_tools" / "fingerprint.sh"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with all build tools, each of version 1.0, and what the script itself needs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for tool in HOST_TOOLS:
        provide(folder, tool, f"echo; echo {tool} 1.0; echo more")
    for tool in ["cut", "sed", "sha256sum"]:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def provide(folder: Path, tool: str, script: str) -> None:
    (folder / tool).write_text(f"#!/bin/sh\n{script}\n")
    (folder / tool).chmod(0o755)


def fingerprint(programs: Path) -> dict[str, str]:
    file = programs.parent / "versions"
    command = ["/bin/sh", str(SCRIPT), str(file)]
    subprocess.run(command, env={"PATH": str(programs)}, check=True, timeout=HANG)
    return dict(line.split(": ", 1) for line in file.read_text().splitlines())


def test_each_tool_says_its_version_in_its_first_line(programs: Path) -> None:
    before = fingerprint(programs)
    assert {tool: before[tool] for tool in HOST_TOOLS} == {tool: f"{tool} 1.0" for tool in HOST_TOOLS}
    assert "GNU sed" in before["sed"]
    assert (before["awk"], before["libc"]) == ("absent", "unknown")
    provide(programs, "m4", "echo m4 1.1")
    assert fingerprint(programs) == before | {"m4": "m4 1.1"}


def test_one_that_says_nothing_is_known_by_its_bytes(programs: Path) -> None:
    provide(programs, "awk", "exit 2")
    first = fingerprint(programs)["awk"]
    assert len(first) == 64
    provide(programs, "awk", "exit 3")
    assert fingerprint(programs)["awk"] not in {first, "absent"}
