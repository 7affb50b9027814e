# SPDX-License-Identifier: Apache-2.0
"""PyInstaller's hook names every module that needs nothing but the standard library, and no other."""

from __future__ import annotations

import runpy

from tests.support import PACKAGE


def test_modules_that_need_others_are_left_out() -> None:
    named = set(runpy.run_path(str(PACKAGE / "_pyinstaller" / "hook-dqlitepy.py"))["hiddenimports"])
    assert {"dqlitepy", "dqlitepy.aio", "dqlitepy.connection", "dqlitepy._cli.shell"} <= named
    assert not {name for name in named if name.startswith(("dqlitepy.sqlalchemy", "dqlitepy.testing"))}
