# SPDX-License-Identifier: Apache-2.0
"""A program that PyInstaller froze has the library: it connects, on a machine without Python."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from dqlitepy._pyinstaller.folders import hook_folders

from tests.support import HANG, python_environment

PROGRAM = """
import asyncio
import sys

import dqlitepy
from dqlitepy import aio

with dqlitepy.connect(sys.argv[1]) as con:
    con.execute("CREATE TABLE t (a)")
    con.execute("INSERT INTO t VALUES (?)", (dqlitepy.sqlite_version,))
con.close()


async def main():
    async with aio.connect(sys.argv[1]) as con:
        print(await con.execute_fetchall("SELECT a = sqlite_version() FROM t"))


asyncio.run(main())
"""


def _has_shared_library() -> bool:
    try:
        ctypes.CDLL(sysconfig.get_config_var("INSTSONAME"))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_shared_library(), reason="PyInstaller needs libpython, which is not installed")
def test_a_frozen_program(tmp_path: Path) -> None:
    """The hooks are named here, as an installed wheel names them by its entry point."""
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    hooks = [f"--additional-hooks-dir={folder}" for folder in hook_folders()]
    frozen = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=WARN", *hooks, "program.py"],
        cwd=tmp_path,
        env=python_environment() | {"PYINSTALLER_CONFIG_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
    )
    assert frozen.returncode == 0, frozen.stderr
    ran = subprocess.run(
        [tmp_path / "dist" / "program" / "program", tmp_path / "data"],
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=HANG,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("[(1,)]\n", "", 0)
