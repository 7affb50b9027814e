# SPDX-License-Identifier: Apache-2.0
"""The example that the README shows, and the command line."""

from __future__ import annotations

import runpy
import sys
import unicodedata
from pathlib import Path

import dqlitepy
import pytest

from tests.support import HANG, QUICKSTART, python, run_python


def characters() -> int:
    """Returns how many rows the example should write, counted another way."""
    names = (unicodedata.name(chr(code_point), "") for code_point in range(sys.maxunicode + 1))
    left_out = ("CJK UNIFIED IDEOGRAPH-", "CJK COMPATIBILITY IDEOGRAPH-", "HANGUL SYLLABLE ", "TANGUT IDEOGRAPH-")
    return sum(1 for name in names if name and not name.startswith(left_out))


def test_quickstart(directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["quickstart.py", str(directory)])
    for _ in range(2):  # also where the directory is already there
        runpy.run_path(str(QUICKSTART), run_name="__main__")
        output = capsys.readouterr().out
        assert f"wrote {characters()} characters in one transaction" in output
        assert f"opened {directory} again: {characters()} characters are there" in output
        assert "U+02603 SNOWMAN\n" in output
        assert "MAN IN BUSINESS SUIT" not in output
    con = dqlitepy.connect(directory)
    assert con.execute("SELECT code_point FROM characters WHERE name = 'SNOWMAN'").fetchone() == (0x2603,)
    con.close()


def test_quickstart_without_a_directory_leaves_nothing_behind(tmp_path: Path) -> None:
    output = run_python(
        f"""
        import runpy, sys, tempfile
        tempfile.tempdir = {str(tmp_path)!r}
        sys.argv = ["quickstart.py"]
        runpy.run_path({str(QUICKSTART)!r}, run_name="__main__")
        """
    )
    assert "SNOWMAN" in output
    assert list(tmp_path.iterdir()) == []


COMMAND = (
    "import runpy, sys; sys.argv[0] = 'dqlitepy'; runpy.run_module('dqlitepy', run_name='__main__', alter_sys=True)"
)


def test_version() -> None:
    lines = dict(line.split(" ", 1) for line in run_python(COMMAND, "--version").splitlines())
    assert lines == dqlitepy.versions()
    assert lines["dqlitepy"] == dqlitepy.__version__


def test_help() -> None:
    assert "--version" in run_python(COMMAND, "--help")
    assert "--version" in run_python(COMMAND)


def test_an_unknown_command_is_refused() -> None:
    process = python(COMMAND, "frobnicate")
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode == 2
    assert "invalid choice: 'frobnicate'" in errors
