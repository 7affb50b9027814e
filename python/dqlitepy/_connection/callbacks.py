# SPDX-License-Identifier: Apache-2.0
"""Calls the user's callbacks, whose exceptions have no caller to go to."""

from __future__ import annotations

from collections.abc import Callable

_tell = False


def enable_callback_tracebacks(enable: bool, /) -> None:
    """Makes exceptions in a trace callback go to `sys.unraisablehook`; without it they are dropped, as in `sqlite3`."""
    global _tell
    _tell = bool(enable)


def call(callback: Callable[[str], object], argument: str) -> None:
    """Calls a callback, whose exception must not end the operation that it is about."""
    try:
        callback(argument)
    except Exception as error:
        report(error)


class _Finalized:
    """Raises in its finalizer: only there does Python hand an exception to `sys.unraisablehook`."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error


def report(error: Exception) -> None:
    """Hands an exception to `sys.unraisablehook`, if tracebacks are enabled."""
    if _tell:
        _Finalized(error)
