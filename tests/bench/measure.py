# SPDX-License-Identifier: Apache-2.0
"""Runs the workloads: all contestants in turn, round after round, so that what slows the machine slows all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any

from tests.bench.contestants import Contestant
from tests.bench.workloads import Goal, Workload

RUNS_IN_A_TURN = 3
TURN_SECONDS = 2.0  # after which no other run begins


@dataclass
class Measurement:
    """What one workload cost each contestant: one median of its runs for each round."""

    workload: Workload
    rounds: dict[str, list[float]] = field(default_factory=dict)
    worst: dict[str, float] = field(default_factory=dict)  # the 99th percentile of all runs

    def median(self, contestant: str) -> float:
        """Returns the median of the rounds."""
        return median(self.rounds[contestant])

    def ratio(self, subject: str, against: str) -> float | None:
        """Returns the median of the ratios in each round, None where one of the two did not take part."""
        if subject not in self.rounds or against not in self.rounds:
            return None
        pairs = zip(self.rounds[subject], self.rounds[against], strict=True)
        return median(ours / theirs for ours, theirs in pairs if theirs)

    def outcomes(self) -> Iterable[tuple[Goal, float]]:
        """Yields the goals whose contestants took part, each with the ratio that was reached."""
        for goal in self.workload.goals:
            ratio = self.ratio(goal.subject, goal.against)
            if ratio is not None:
                yield goal, ratio


def measure(workload: Workload, contestants: Sequence[Contestant], rounds: int) -> Measurement:
    """Runs one workload `rounds` times on each contestant that has its operation, after a round that does not count."""
    measurement = Measurement(workload)
    able = [
        contestant
        for contestant in contestants
        if hasattr(contestant, workload.operation) and contestant.name not in workload.without
    ]
    samples: dict[str, list[float]] = {contestant.name: [] for contestant in able}
    measurement.rounds = {contestant.name: [] for contestant in able}
    for number in range(rounds + 1):
        for contestant in (
            able[number % len(able) :] + able[: number % len(able)]
        ):  # nobody always comes behind the same
            _progress(f"{workload.name}: round {number} of {rounds}, {contestant.name}")
            operation = getattr(contestant, workload.operation)
            figures = operation(*workload.arguments) if workload.at_most else _turn(operation, workload.arguments)
            if number:
                samples[contestant.name] += figures
                measurement.rounds[contestant.name].append(median(figures))
    measurement.worst = {name: percentile(figures, 0.99) for name, figures in samples.items()}
    _progress("")
    return measurement


def _turn(operation: Callable[..., list[float]], arguments: Sequence[Any]) -> list[float]:
    """Returns the figures of one contestant's turn.

    An operation that gives a single figure is run again: the first run finds the caches full of what the contestant
    before has left there, and a second core asleep if that had no use for it, which says nothing of this one.
    """
    began = monotonic()
    figures = operation(*arguments)
    while 1 <= len(figures) < RUNS_IN_A_TURN and monotonic() - began < TURN_SECONDS:
        figures = figures + operation(*arguments)
    return figures


def percentile(figures: Sequence[float], fraction: float) -> float:
    """Returns the smallest of `figures` that `fraction` of them do not exceed."""
    ordered = sorted(figures)
    return ordered[min(int(fraction * len(ordered)), len(ordered) - 1)]


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
