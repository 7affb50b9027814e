# SPDX-License-Identifier: Apache-2.0
"""The finishing tool on the real library: other raw wheels give the same bytes, false promises are refused."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.wheel.wheelfile import Wheel

WHEEL = Wheel.under_test()


def raw_wheel(folder: Path) -> Path:
    """A wheel with the same payload as another py_wheel would write it: stored, unsorted, dated today."""
    path = folder / "raw.whl"
    headers = []
    for name in ("Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra"):
        headers += [f"{name}: {value}" for value in reversed(WHEEL.header(name))]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.dist-info/METADATA", "\n".join(["Metadata-Version: 2.1", *headers, "", "text"]))
        archive.writestr("other.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: another\n")
        archive.writestr("other.dist-info/entry_points.txt", WHEEL.text("entry_points.txt").replace(" = ", "="))
        for member in reversed(WHEEL.members):
            if not member.filename.startswith(WHEEL.dist_info):
                archive.writestr(member.filename, WHEEL.read(member.filename))
        archive.writestr("other.dist-info/RECORD", "")
    return path


def finish(folder: Path, tag: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Finishes a raw wheel with everything else as the real one has it."""
    unpacked = WHEEL.unpack(folder / "unpacked") / WHEEL.dist_info
    description = folder / "README.md"
    description.write_text(WHEEL.text("METADATA").split("\n\n", 1)[1], encoding="utf-8")
    target = folder / f"dqlitepy-{WHEEL.version}-{tag}.whl"
    command = [
        str(Path(os.environ["DQLITEPY_FINISH"]).absolute()),
        f"--raw={raw_wheel(folder)}",
        f"--out={target}",
        f"--tag={tag}",
        f"--headers={Path(os.environ['DQLITEPY_CORE_METADATA']).absolute()}",
        f"--description={description}",
    ]
    for below in ("licenses", "sboms"):
        for file in (unpacked / below).rglob("*"):
            if file.is_file():
                command.append(f"--dist-info={file.relative_to(unpacked)}={file}")
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120), target


def test_another_raw_wheel_gives_the_same_bytes(tmp_path: Path) -> None:
    result, target = finish(tmp_path, WHEEL.tag)
    assert result.returncode == 0, result.stderr
    assert target.read_bytes() == WHEEL.path.read_bytes()


OTHER_MACHINE = {"x86_64": "aarch64", "aarch64": "x86_64"}[WHEEL.machine]


@pytest.mark.parametrize(
    ("platform", "complaint"),
    [
        (f"manylinux_2_16_{WHEEL.machine}", "needs glibc 2."),
        (f"linux_{OTHER_MACHINE}", "built for"),
        (f"manylinux_2_28_{OTHER_MACHINE}", "built for"),
        (f"musllinux_1_2_{WHEEL.machine}", "neither linux_MACHINE nor"),
    ],
)
def test_a_tag_that_the_library_does_not_keep_is_refused(tmp_path: Path, platform: str, complaint: str) -> None:
    result, target = finish(tmp_path, f"py3-none-{platform}")
    assert result.returncode == 1
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not target.exists()
