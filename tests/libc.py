# SPDX-License-Identifier: Apache-2.0
"""Calls of the C library that Python has no function for."""

from __future__ import annotations

import ctypes
import os


def check(result: int) -> None:
    """Raises OSError where a call of the C library failed; `ctypes.CDLL` must have been told to keep errno."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
