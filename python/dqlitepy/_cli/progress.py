# SPDX-License-Identifier: Apache-2.0
"""A progress bar for work that takes long, shown only on a terminal."""

from __future__ import annotations

import shutil
import sys
from time import monotonic
from types import TracebackType
from typing import Self

_REDRAW_SECONDS = 0.1
_BAR = 30


class Progress:
    """Shows how much of `total` is done, on stderr where that is a terminal, and clears the line at the end."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._visible = sys.stderr.isatty()
        self._begun = monotonic()
        self._drawn = self._begun  # the first moments need no bar

    def advance(self, count: int) -> None:
        """Adds `count` to what is done."""
        self.reach(self._done + count, self._total)

    def reach(self, done: int, total: int) -> None:
        """Says that `done` of `total` is done now."""
        self._done, self._total = done, total
        now = monotonic()
        if self._visible and now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            self._draw(now)

    def _draw(self, now: float) -> None:
        share = min(self._done / self._total, 1.0) if self._total else 1.0
        filled = int(share * _BAR)
        line = f"{self._label} [{'#' * filled}{' ' * (_BAR - filled)}] {share:4.0%}"
        if share > 0:
            line += f"  {(now - self._begun) * (1 - share) / share:.0f} s left"
        columns = shutil.get_terminal_size().columns
        print(f"\r\x1b[K{line[: columns - 1]}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._visible and self._drawn > self._begun:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
