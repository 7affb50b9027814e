# SPDX-License-Identifier: Apache-2.0
"""Runs as lines for a terminal, and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.jepsen.history import FAIL, INFO, OK
from tests.jepsen.runner import Report

_COLUMNS = (
    "seed",
    "nodes",
    "TLS",
    "FUSE disks",
    "entries a snapshot",
    "workloads",
    "nemeses, crews by /",
    "faults",
    "ok",
    "failed",
    "unknown",
    "longest WAL seen",
    "verdict",
)


def line(report: Report) -> str:
    """Returns one line about a run."""
    plan, counts = report.plan, report.outcomes
    verdict = f"{len(report.violations)} VIOLATIONS" if report.violations else _sound(report)
    if report.undecided:
        verdict += f" ({report.undecided} undecided)"
    where = f"{plan.nodes} nodes{', TLS' if plan.tls else ''}{', FUSE disks' if plan.disks else ''}"
    return (
        f"seed {plan.seed}: {verdict}; {where}, snapshot {plan.snapshot[0]}, {'+'.join(plan.workloads)}; "
        f"{report.faults} faults of {_crews(report)}; {counts[OK]} ok, {counts[FAIL]} failed, {counts[INFO]} unknown; "
        f"WAL up to {report.wal} frames; {report.seconds:.0f} s"
    )


def page(reports: Sequence[Report]) -> str:
    """Returns the page docs/fault-runs.md."""
    sound = [report for report in reports if not report.violations]
    short = sum(report.short for report in sound)
    idle = sum(report.idle and not report.short for report in sound)
    clean = len(sound) - idle - short
    total = sum((report.outcomes for report in reports), Counter[str]())
    return "\n".join(
        [
            "# Runs of the fault suite",
            "",
            "Written by `tools/bazel run //tests/jepsen -- --output docs`. Each run has a cluster, clients and faults",
            "of its own, all drawn from its seed; `--seed N --runs 1` repeats one.",
            "",
            f"{len(reports)} runs, {clean} of them clean{f', {idle} idle' if idle else ''}"
            f"{f', {short} with a short WAL' if short else ''}; "
            f"{sum(report.faults for report in reports)} faults; {total[OK]:,} operations acknowledged, "
            f"{total[FAIL]:,} failed for certain, {total[INFO]:,} of unknown outcome.",
            "",
            _row(_COLUMNS),
            _row(["---"] * len(_COLUMNS)),
            *(_row(_cells(report)) for report in reports),
            "",
        ]
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(report: Report) -> list[str]:
    plan, counts = report.plan, report.outcomes
    return [
        str(plan.seed),
        str(plan.nodes),
        "yes" if plan.tls else "",
        "yes" if plan.disks else "",
        str(plan.snapshot[0]),
        " ".join(plan.workloads),
        _crews(report),
        str(report.faults),
        str(counts[OK]),
        str(counts[FAIL]),
        str(counts[INFO]),
        str(report.wal),
        "; ".join(sorted({violation.kind for violation in report.violations})) or _sound(report),
    ]


def _crews(report: Report) -> str:
    return " / ".join(" ".join(crew) for crew in report.plan.crews)


def _sound(report: Report) -> str:
    """Returns the verdict about a run without violations: not clean where it shows nothing."""
    if report.short:
        return f"SHORT: a WAL of {report.wal} frames was the longest, more than {report.plan.frames} expected"
    if not report.idle:
        return "clean"
    return f"IDLE: {report.outcomes[OK]} of {report.outcomes.total()} acknowledged, {report.plan.least} expected"
