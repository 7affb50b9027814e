# SPDX-License-Identifier: Apache-2.0
"""The bar that shows how far long work has come."""

from __future__ import annotations

import io
import sys

import pytest
from dqlitepy._cli import progress


class Screen(io.StringIO):
    """Stands in for stderr."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


class Clock:
    """A clock that goes on by half a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


def drawn(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    screen = Screen(terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "monotonic", Clock())
    monkeypatch.setenv("COLUMNS", "80")
    with progress.Progress("reading", 8) as bar:
        for _ in range(4):
            bar.advance(2)
    return screen.getvalue()


def test_it_grows_says_what_is_left_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, terminal=True).split("\r\x1b[K")
    assert lines == [
        "",
        "reading [#######                       ]  25%  2 s left",
        "reading [###############               ]  50%  1 s left",
        "reading [######################        ]  75%  0 s left",
        "reading [##############################] 100%  0 s left",
        "",
    ]


def test_nothing_is_drawn_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, terminal=False) == ""


def test_more_than_there_was_to_do_and_nothing_to_do_are_all_done(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(progress, "monotonic", Clock())
    with progress.Progress("x", 0) as bar:
        bar.reach(0, 0)
        bar.reach(9, 3)
    assert screen.getvalue().count("100%") == 2
