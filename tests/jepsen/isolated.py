# SPDX-License-Identifier: Apache-2.0
"""A run in a process and namespaces of its own, so that it leaves nothing behind and a hang ends."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from tests.jepsen.history import Violation
from tests.jepsen.namespaces import die_with_parent, enter
from tests.jepsen.plan import RunPlan
from tests.jepsen.runner import Report, run

_T = TypeVar("_T")

# What a run takes at most beside its faults: to start, to stop what hangs, to wait for what never comes, to check.
_LONGEST = 720.0


class Broken(Exception):
    """What ran in the other process failed by itself, or did not end."""


def isolated(function: Callable[[], _T], answer: Path, seconds: float) -> _T:
    """Runs a function in a child with namespaces of its own and returns its result.

    The child is a fork: this process must have neither threads nor the native library.

    Raises:
        Broken: it raised, hangs, or is not allowed to have namespaces.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setpgid(0, 0)
            die_with_parent()
            enter()
            answer.write_bytes(pickle.dumps(function()))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    deadline = monotonic() + seconds
    try:
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if monotonic() > deadline:
                raise Broken(f"no end within {seconds:.0f} s")
            sleep(0.02)
    except BaseException:
        with suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    status = ended[1]
    if status:
        raise Broken(f"the process of the run ended with {os.waitstatus_to_exitcode(status)}")
    result: _T = pickle.loads(answer.read_bytes())  # noqa: S301 (our own child's)
    return result


def run_isolated(plan: RunPlan, folder: Path) -> Report:
    """Carries out a plan; what breaks the run itself is a violation as well."""
    (folder / "run").mkdir()
    try:
        return isolated(lambda: run(plan, folder / "run"), folder / "report", plan.seconds + _LONGEST)
    except Broken as broken:
        return Report(plan, [Violation("broken", str(broken))])
