# SPDX-License-Identifier: Apache-2.0
"""The chart: one bar a contestant for each charted workload, as long as its median time; light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.bench.measure import Measurement
from tests.bench.report import shown
from tests.bench.workloads import EMBEDDED, OVER_TCP, THREE_NODES

_WIDTH = 760
_NAMES = 168  # width of the column of names
_LABEL = 84  # room behind the longest bar
_BAR = 14
_LINE = 20
_HEAD = 30
_GAP = 14

_STYLE = """
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 13px }
  .time { fill: #59636e }
  .ours { fill: #0969da }
  .ours-elsewhere { fill: #54aeff }
  .others { fill: #afb8c1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .time { fill: #9198a1 }
    .ours { fill: #4493f8 }
    .ours-elsewhere { fill: #1f6feb }
    .others { fill: #656c76 }
  }
"""
_CLASS = {EMBEDDED: "ours", OVER_TCP: "ours-elsewhere", THREE_NODES: "ours-elsewhere"}


def svg(measurements: Sequence[Measurement]) -> str:
    """Returns the chart of the workloads that are marked for it."""
    charted = [measurement for measurement in measurements if measurement.workload.charted]
    shapes: list[str] = []
    top = _GAP
    for measurement in charted:
        panel = _panel(measurement, top)
        shapes += panel
        top += _HEAD + _LINE * len(measurement.rounds) + _GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}" '
            'role="img" aria-label="Median times of dqlitepy and others; shorter is better">',
            f"<style>{_STYLE}</style>",
            *shapes,
            "</svg>",
            "",
        ]
    )


def _panel(measurement: Measurement, top: int) -> list[str]:
    medians = {name: measurement.median(name) for name in measurement.rounds}
    longest = max(medians.values())
    shapes = [f'<text class="title" x="8" y="{top + 16}">{escape(measurement.workload.title)}</text>']
    for line, (name, amount) in enumerate(sorted(medians.items(), key=lambda item: item[1])):
        y = top + _HEAD + line * _LINE
        length = max(1.0, amount / longest * (_WIDTH - _NAMES - _LABEL))
        shapes += [
            f'<text x="8" y="{y + 11}">{escape(name)}</text>',
            f'<rect class="{_CLASS.get(name, "others")}" x="{_NAMES}" y="{y}" '
            f'width="{length:.1f}" height="{_BAR}" rx="2"/>',
            f'<text class="time" x="{_NAMES + length + 6:.1f}" y="{y + 11}">'
            f"{shown(amount, measurement.workload.unit)}</text>",
        ]
    return shapes
