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
    """Calls a function whose exceptions must not end what it is told of."""
    try:
        callback(argument)
    except Exception as error:
        report(error)


class _Finalized:
    """What a finalizer raises, Python itself hands to `sys.unraisablehook`; nothing else can."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error


def report(error: Exception) -> None:
    """Hands an exception to `sys.unraisablehook`, if tracebacks are enabled."""
    if _tell:
        _Finalized(error)
