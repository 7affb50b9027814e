# SPDX-License-Identifier: Apache-2.0
"""Where the hooks are; the entry point `pyinstaller40` of the wheel names this."""

from __future__ import annotations

import os


def hook_folders() -> list[str]:
    """Returns the folders with the hooks."""
    return [os.path.dirname(__file__)]
