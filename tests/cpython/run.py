# SPDX-License-Identifier: Apache-2.0
"""Runs a file of CPython's own tests of sqlite3 with dqlitepy in sqlite3's place; prints the outcomes as JSON.

    python run.py test_dbapi

The tests are those of the Python that runs this. Nothing about them is changed but how they remove a database: it is a
file for sqlite3, and a folder here.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import types
import unittest
from collections.abc import Callable
from types import TracebackType

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def outcomes(module: str) -> dict[str, str]:
    """Returns, for each test of a file, "" where it passes, "skipped: …", or the last line of its traceback."""
    os_helper = importlib.import_module("test.support.os_helper")
    os_helper.unlink = _remover(os_helper.unlink)  # type: ignore[attr-defined]
    result = _Result()
    unittest.defaultTestLoader.loadTestsFromModule(_imported(module)).run(result)
    return result.outcomes


def _remover(unlink: Callable[[str], None]) -> Callable[[str], None]:
    def remove(path: str) -> None:
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            unlink(path)

    return remove


def _imported(module: str) -> types.ModuleType:
    """Imports a file of tests while `import sqlite3` finds dqlitepy, whose own import of sqlite3 comes later."""
    import sqlite3

    import dqlitepy

    sys.modules["sqlite3"] = dqlitepy
    try:
        return importlib.import_module(f"test.test_sqlite3.{module}")
    finally:
        sys.modules["sqlite3"] = sqlite3


class _Result(unittest.TestResult):
    """Keeps the worst outcome of each test; a test whose part (`subTest`) fails has failed."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.outcomes[_name(test)] = ""

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.outcomes[_name(test)] = f"skipped: {reason}"

    def addError(self, test: unittest.TestCase, error: _ExcInfo) -> None:
        super().addError(test, error)
        self._fail(test, error)

    def addFailure(self, test: unittest.TestCase, error: _ExcInfo) -> None:
        super().addFailure(test, error)
        self._fail(test, error)

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, error: _ExcInfo | None) -> None:
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._fail(test, error)

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self.outcomes[_name(test)] = "unexpected success"

    def _fail(self, test: unittest.TestCase, error: _ExcInfo) -> None:
        self.outcomes[_name(test)] = repr(error[1])


def _name(test: unittest.TestCase) -> str:
    return test.id().removeprefix("test.test_sqlite3.")


if __name__ == "__main__":
    found = outcomes(sys.argv[1])
    print(json.dumps(found))
