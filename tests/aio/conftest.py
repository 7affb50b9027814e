# SPDX-License-Identifier: Apache-2.0
"""Both event loops: that of the standard library and uvloop, which many servers run on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import uvloop

from tests.support import run_python

# What Python's development mode says of callbacks that take long, as on a busy machine, is no failure.
_QUIET = """
import logging
logging.getLogger("asyncio").setLevel(logging.ERROR)
"""
_ON_UVLOOP = """
import asyncio, functools, uvloop
asyncio.new_event_loop = uvloop.new_event_loop
asyncio.Runner = functools.partial(asyncio.Runner, loop_factory=uvloop.new_event_loop)
def run(main):
    with asyncio.Runner() as runner:
        return runner.run(main)
asyncio.run = run
"""


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Lets `asyncio.run` run on either loop."""
    kind: str = request.param
    if kind == "uvloop":
        monkeypatch.setattr(asyncio, "run", _run_on_uvloop)
    return kind


@pytest.fixture
def run_program(loop_kind: str) -> Callable[..., str]:
    """Returns `run_python`, whose programs get either loop from `asyncio`."""
    return partial(_run_program, _QUIET + (_ON_UVLOOP if loop_kind == "uvloop" else ""))


def _run_on_uvloop(main: Any) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def _run_program(prelude: str, program: str, *arguments: str, **options: Any) -> str:
    return run_python(prelude + program, *arguments, **options)
