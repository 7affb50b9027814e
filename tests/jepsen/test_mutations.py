# SPDX-License-Identifier: Apache-2.0
"""A mutation counts as found where a run told of a violation, and not where the suite itself is broken."""

from __future__ import annotations

import pytest

from tests.jepsen.history import Violation
from tests.jepsen.mutations import tells_of_violation
from tests.jepsen.plan import draw
from tests.jepsen.program import tell
from tests.jepsen.runner import Report


def told(capsys: pytest.CaptureFixture[str], *violations: Violation) -> bool:
    """Returns whether what the program says of such a run counts."""
    tell(Report(draw(1, 25.0, disks=False), list(violations)), "where/they/are")
    return tells_of_violation(capsys.readouterr().out.splitlines(keepends=True))


def test_a_run_that_shows_something(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, Violation("set lost", "a/1 was acknowledged"))
    assert told(capsys, Violation("broken", "no end within 3 s"), Violation("died", "node-0 ended with status -6"))


def test_runs_that_show_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert not told(capsys)
    assert not told(capsys, Violation("broken", "the process of the run ended with 1"))
    assert not told(capsys, Violation("no start", "the tables cannot be made"))
    assert not tells_of_violation(["Traceback (most recent call last):\n", "    import x\n", "KeyError: 'x'\n"])
