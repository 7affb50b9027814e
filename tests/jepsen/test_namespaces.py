# SPDX-License-Identifier: Apache-2.0
"""A machine that allows no user namespaces: everything says so in one line, and nothing breaks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support import finish, python

# In a namespace of its own a program may forbid itself more of them: its limit is not the machine's. Where that is
# not allowed, nothing is left to be forbidden.
_FORBID = """
import contextlib, pathlib, sys
from tests.jepsen.namespaces import enter, missing

with contextlib.suppress(OSError):
    enter()
    assert missing() == ""
    pathlib.Path("/proc/sys/user/max_user_namespaces").write_text("0")
"""


def forbidden(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Starts a program that may have no namespaces."""
    return python(_FORBID + program, *arguments, options=())


def test_what_is_missing_is_said_in_one_line() -> None:
    [line] = finish(forbidden("print(missing())")).splitlines()
    assert line.startswith("no user namespaces here ([Errno ")
    assert "max_user_namespaces" in line


def test_the_program_does_not_begin() -> None:
    """Other than with a violation, and without runs that break one after another."""
    process = forbidden("from tests.jepsen.program import main; sys.argv[1:] = ['--runs=2']; sys.exit(main())")
    output, errors = process.communicate()
    [line] = errors.splitlines()
    assert line.startswith("jepsen: no user namespaces here (")
    assert (process.returncode, output) == (2, "")


def test_a_test_is_skipped(tmp_path: Path) -> None:
    """What asks for the fixture, with the reason; it does not even begin."""
    file = tmp_path / "test_it.py"
    file.write_text("import pytest\n\n@pytest.mark.usefixtures('namespaces')\ndef test_it():\n    raise OSError\n")
    options = ["-q", "-rs", "-p", "no:cacheprovider", "-p", "tests.jepsen.conftest", "-c", "/dev/null"]
    output = finish(forbidden(f"import pytest; sys.exit(pytest.main([*{options!r}, sys.argv[1]]))", str(file)))
    assert output.splitlines()[-1].startswith("1 skipped")
    assert "no user namespaces here (" in output
