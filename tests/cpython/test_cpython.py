# SPDX-License-Identifier: Apache-2.0
"""CPython's own tests of sqlite3 pass on dqlitepy, but for those that differences.py names, each with its reason."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cpython.differences import DIFFERENCES, Difference
from tests.support import DIFFERENCES as PAGE
from tests.support import HANG, PACKAGE, ROOT

MODULES = ["test_dbapi", "test_dump", "test_factory", "test_regression", "test_transactions", "test_types"]
NAMED_BY = "DQLITEPY_CPYTHON_TESTS"
TO_REACH = 0.9
PROBE = """
import sys, test.support, test.test_sqlite3.test_dbapi
assert sys.version_info >= (3, 11)
print(*sys.version_info[:2])
"""
MISSING = f"""no Python 3.11 or newer here has CPython's own tests of sqlite3 (the package test.test_sqlite3).
Install them: on Debian and Ubuntu libpython3.X-testsuite for your python3.X, on Fedora python3-test; pyenv's have them.
Or let {NAMED_BY} name a Python that has them."""


@functools.cache
def python_with_tests() -> tuple[str, tuple[int, int]]:
    """Returns a Python that has the tests, and its version: that of this process, or the first on the PATH."""
    names = [f"python3.{minor}" for minor in range(20, 10, -1)]
    found = filter(None, map(shutil.which, [*names, "python3"]))
    for candidate in [os.environ[NAMED_BY]] if NAMED_BY in os.environ else [sys.executable, *found]:
        probe = subprocess.run([candidate, "-c", PROBE], capture_output=True, text=True, timeout=HANG, check=False)
        if probe.returncode == 0:
            major, minor = map(int, probe.stdout.split()[-2:])
            return candidate, (major, minor)
    pytest.fail(MISSING, pytrace=False)


@functools.cache
def outcomes(module: str) -> dict[str, str]:
    """Runs a file of the tests; returns what each came to."""
    python, _ = python_with_tests()
    environment = dict(os.environ, PYTHONPATH=str(PACKAGE.parent))
    # The tests make their databases in the current directory.
    with tempfile.TemporaryDirectory() as directory, open(Path(directory) / "log", "w+", encoding="utf-8") as log:
        command = [python, "-W", "default", str(ROOT / "tests" / "cpython" / "run.py"), module]
        process = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            timeout=HANG,
            check=False,
        )
        log.seek(0)
        assert process.returncode == 0, log.read()
    found: dict[str, str] = json.loads(process.stdout.splitlines()[-1])
    return found


def failed(module: str) -> dict[str, str]:
    return {test: why for test, why in outcomes(module).items() if why and not why.startswith("skipped: ")}


def expected() -> list[Difference]:
    _, version = python_with_tests()
    return [difference for difference in DIFFERENCES if difference.concerns(version)]


def covered(test: str, differences: list[Difference]) -> bool:
    return any(f"{test}.".startswith(f"{name}.") for difference in differences for name in difference.tests)


@pytest.mark.parametrize("module", MODULES)
def test_module(module: str) -> None:
    """A test that fails must be named, and one that is named must fail."""
    failures = failed(module)
    assert {test: why for test, why in failures.items() if not covered(test, expected())} == {}
    named = [difference for difference in expected() if difference.everywhere]
    passed = {test for test in outcomes(module) if covered(test, named)} - failures.keys()
    assert passed == set(), "take them off the list"


def test_nine_of_ten_pass() -> None:
    """Outside the tests of blobs, which cannot be opened here."""
    ran = {
        test: why
        for module in MODULES
        for test, why in outcomes(module).items()
        if ".Blob" not in test and not why.startswith("skipped: ")
    }
    passed = [test for test, why in ran.items() if not why]
    assert len(passed) >= TO_REACH * len(ran), f"{len(passed)} of {len(ran)}"


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.tests[0])
def test_a_difference_excuses_something(difference: Difference) -> None:
    """A name that CPython's tests do not know any more has to go."""
    known = [test for module in MODULES for test in outcomes(module)]
    assert difference not in expected() or any(covered(test, [difference]) for test in known)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.tests[0])
def test_the_page_names_a_difference(difference: Difference) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert difference.reason[1:] in page
    assert [test for test in difference.tests if f"`{test}`" not in page] == []


def test_the_page_names_nothing_else() -> None:
    named = re.findall(r"`(test_[a-z]+\.[A-Za-z0-9_.]+)`", PAGE.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(test for difference in DIFFERENCES for test in difference.tests)
