# SPDX-License-Identifier: Apache-2.0
"""What can be said without Debian's mirror: how the package refuses, in likenesses of systems that it cannot run on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.images.debian import NotPossible, keep_only, require_program, unpack
from tests.images.systems import INSIDE
from tests.support import HANG, PACKAGE

# Like an interpreter without the extension module, which `import ctypes` needs first.
NO_CTYPES = (
    "import sys; sys.modules['_ctypes'] = None; import runpy; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
)


def refusal(*command: str) -> str:
    """Returns what the program that is run in the systems prints here."""
    process = subprocess.run(
        [sys.executable, "-W", "error", *command],
        env={"PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.parametrize(
    ("likeness", "expected"),
    [
        ("musl", "UnsupportedPlatformError: Unsupported C library: this looks like musl"),
        ("old Python", "UnsupportedPlatformError: Python 3.11+ required: this is Python 3.9"),
        ("old processor", "UnsupportedPlatformError: Unsupported architecture 'i686'"),
    ],
)
def test_likenesses(likeness: str, expected: str) -> None:
    assert refusal(str(INSIDE / "refused.py"), likeness).startswith(expected)


def test_a_python_without_ctypes() -> None:
    said = refusal("-c", NO_CTYPES, str(INSIDE / "refused.py"), "as it is")
    assert said.startswith("UnsupportedPlatformError: This Python has no ctypes")
    assert said.endswith("Install the whole standard library: on Debian and Ubuntu, the package python3")


def test_no_mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPossible, match="^mmdebstrap is missing") as refused:
        unpack(tmp_path / "root", "trixie", ["python3"])
    assert refused.value.remedy == "sudo apt-get install --no-install-recommends mmdebstrap"
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mmdebstrap"
    program.write_text("#!/bin/sh\necho 'I: running apt-get update' >&2\necho 'E: no such host' >&2\nexit 25\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPossible, match=r"^mmdebstrap cannot make Debian trixie \(amd64\): no such host$") as refused:
        unpack(tmp_path / "root", "trixie", ["python3"])
    assert refused.value.remedy.startswith("DQLITEPY_MIRROR=ADDRESS")


def test_nothing_but_python_is_kept(tmp_path: Path) -> None:
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "var" / "lib" / "dpkg").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    for name in ("python3", "python3.11", "sh", "dpkg", "apt-get"):
        (tmp_path / "usr" / "bin" / name).touch()
    keep_only(tmp_path, ["python3"])
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["python3", "python3.11"]
    assert not (tmp_path / "var" / "lib" / "dpkg").exists()


def test_a_program_is_found_or_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert require_program("sh", "dash").endswith("/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPossible, match="^bwrap is missing on this machine$"):
        require_program("bwrap", "bubblewrap")
