# SPDX-License-Identifier: Apache-2.0
"""The figures as text and as JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dqlitepy

from tests.bench.measure import Measurement
from tests.bench.workloads import BEFORE, EMBEDDED, NOW, OVER_TCP


def text(measurements: Sequence[Measurement]) -> str:
    """Returns a table for each workload: the medians, and what dqlitepy takes of the time of each other contestant."""
    lines = []
    for measurement in measurements:
        lines += ["", measurement.workload.title]
        width = max(map(len, measurement.rounds), default=0)
        for name in measurement.rounds:
            amount = shown(measurement.median(name), measurement.workload.unit)
            worst = shown(measurement.worst[name], measurement.workload.unit)
            lines.append(f"  {name:<{width}}  {amount:>10}  (99 %: {worst:>10}){_ratios(measurement, name)}")
    return "\n".join([*lines, "", goals(measurements)])


def _ratios(measurement: Measurement, name: str) -> str:
    ratios = []
    for subject in (NOW,) if name == BEFORE else (EMBEDDED, OVER_TCP):
        ratio = measurement.ratio(subject, name)
        if subject != name and ratio is not None:
            ratios.append(f"{subject} takes {ratio:.3g} of it")
    return "  " + ", ".join(ratios) if ratios else ""


def goals(measurements: Sequence[Measurement]) -> str:
    """Returns a line for each goal: what was reached, and what is to be."""
    lines = ["to reach (medians of the ratios of each round; where no ratio is meant, the worst run)"]
    for measurement in measurements:
        limit, unit = measurement.workload.at_most, measurement.workload.unit
        if limit is not None:
            for name, amount in measurement.worst.items():
                verdict = "ok    " if amount <= limit else "MISSED"
                lines.append(
                    f"  {verdict}  {measurement.workload.title}: {name} = {shown(amount, unit)}, "
                    f"median {shown(measurement.median(name), unit)}, at most {shown(limit, unit)}"
                )
        for goal, ratio in measurement.outcomes():
            verdict = "ok    " if ratio <= goal.at_most else "MISSED"
            lines.append(
                f"  {verdict}  {measurement.workload.title}: {goal.subject} / {goal.against} = {ratio:.3f}, "
                f"at most {goal.at_most:.3g}"
            )
    return "\n".join(lines)


def shown(amount: float, unit: str) -> str:
    """Returns a number with a unit that fits it."""
    if unit == "bytes":
        return f"{amount / 2**20:.1f} MiB"
    if amount >= 1:
        return f"{amount:.2f} s"
    if amount >= 1e-3:
        return f"{amount * 1e3:.1f} ms"
    return f"{amount * 1e6:.1f} µs"


def as_json(measurements: Sequence[Measurement], rounds: int, directory: Path) -> dict[str, Any]:
    """Returns everything that was measured, and on what."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "file_system": _file_system(directory),
        },
        "versions": {**dqlitepy.versions(), "sqlite3 module": sqlite3.sqlite_version},
        "workloads": {
            measurement.workload.name: {
                "title": measurement.workload.title,
                "unit": measurement.workload.unit,
                "medians": {name: measurement.median(name) for name in measurement.rounds},
                "99th_percentiles": measurement.worst,
                "at_most": measurement.workload.at_most,
                "rounds": measurement.rounds,
                "goals": [
                    {
                        "subject": goal.subject,
                        "against": goal.against,
                        "at_most": goal.at_most,
                        "ratio": ratio,
                    }
                    for goal, ratio in measurement.outcomes()
                ],
            }
            for measurement in measurements
        },
    }


def _file_system(directory: Path) -> str:
    """Returns the type of the file system that holds `directory`."""
    kinds: dict[Path, str] = {}
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind, *_ = line.split()
        kinds[Path(point)] = kind
    return next((kinds[parent] for parent in (directory, *directory.parents) if parent in kinds), "unknown")
