# SPDX-License-Identifier: Apache-2.0
"""The recipes in docs/recipes for libraries and programs: each is followed as it stands there."""

from __future__ import annotations

import ctypes
import sysconfig
from pathlib import Path

import pytest

from tests.manual.recipes import OF_PROGRAMS, follow_recipe


def _has_shared_library() -> bool:
    try:
        ctypes.CDLL(sysconfig.get_config_var("INSTSONAME"))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", OF_PROGRAMS)
def test_the_recipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "pyinstaller" and not _has_shared_library():
        pytest.skip("PyInstaller needs libpython, which is not installed")
    follow_recipe(name, tmp_path, monkeypatch)
