# SPDX-License-Identifier: Apache-2.0
"""SQLAlchemy's own test suite, run from the installed package: nothing fails, and what is skipped has a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
import sqlalchemy
from dqlitepy.sqlalchemy.requirements import ABSENT, CLOSED, Requirements
from sqlalchemy.testing import exclusions, requirements

from tests.support import PACKAGE, ROOT

PROGRAM = ROOT / "tests" / "sqlalchemy" / "suite" / "program"
SERIES = ".".join(sqlalchemy.__version__.split(".")[:2])


class Outcome(NamedTuple):
    passed: int
    skipped: int


# What was reached: no less may pass, no more may be skipped.
REACHED = {"2.1": Outcome(1663, 168), "2.0": Outcome(1442, 166)}[SERIES]
# What sqlalchemy-dqlite 0.8.0 skips, by its own requirements, and how many of these it closes: itself, and in all.
RIVAL_SKIPS = {"2.1": 618, "2.0": 592}[SERIES]
RIVAL_CLOSES = 14
RIVAL_LACKS = 66


def closed(requirement: object) -> bool:
    return isinstance(requirement, exclusions.compound) and any(
        isinstance(skip, exclusions.BooleanPredicate) and skip.value is True for skip in requirement.skips
    )


def names_of(suite: requirements.SuiteRequirements) -> set[str]:
    """Returns the names of the requirements that are closed whatever the database says."""
    return {
        name
        for name in dir(type(suite))
        if isinstance(getattr(type(suite), name), property) and closed(getattr(suite, name))
    }


def test_each_closed_requirement_has_a_reason() -> None:
    absent = [name for names in ABSENT.values() for name in names.split()]
    assert len(absent) == len(set(absent))
    assert names_of(Requirements()) == {*CLOSED, *absent}


def test_few_requirements_are_closed() -> None:
    taken_for_absent = names_of(requirements.SuiteRequirements())
    assert not CLOSED.keys() & taken_for_absent
    assert len(CLOSED) < RIVAL_CLOSES
    assert len(names_of(Requirements())) < RIVAL_LACKS


@pytest.mark.parametrize("url", ["dqlite:///data", "dqlite+aio:///data"], ids=["threads", "asyncio"])
def test_suite(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "suite"
    shutil.copytree(PROGRAM, folder)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--dburi={url}", "--junitxml=report.xml"],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(PACKAGE.parent), *filter(None, sys.path)])),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    report = ElementTree.parse(folder / "report.xml").getroot()
    skipped = [element.get("message", "") for element in report.iter("skipped")]
    outcome = Outcome(sum(1 for _ in report.iter("testcase")) - len(skipped), len(skipped))
    assert outcome.passed >= REACHED.passed, outcome
    assert outcome.skipped <= REACHED.skipped < RIVAL_SKIPS, outcome
    reasons = {*CLOSED.values(), *ABSENT}
    assert [message for message in skipped if not message.endswith(tuple(reasons))] == []
