# SPDX-License-Identifier: Apache-2.0
"""The benchmark runs, and what it writes holds together. Nothing here looks at how fast anything is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import dqlitepy
import pytest

from tests.bench.chart import svg
from tests.bench.measure import Measurement, percentile
from tests.bench.workloads import BEFORE, EMBEDDED, NOW, SQLITE3, THREE_PROCESSES, Goal, Workload
from tests.support import HANG, ROOT


def test_a_quick_run(tmp_path: Path) -> None:
    only = [
        f"--only={name}"
        for name in ("fetchall_*", "point_select", "executemany", "writers_1", "tasks_8", "blob_1024", "failover_quick")
    ]
    before = shutil.make_archive(
        str(tmp_path / "output" / "before"), "zip", Path(dqlitepy.__path__[0]).parent, "dqlitepy"
    )
    arguments = ["--quick", "--rounds=1", f"--directory={tmp_path}", f"--output={tmp_path / 'output'}"]
    arguments.append(f"--before={before}")
    process = subprocess.run(
        [sys.executable, "-m", "tests.bench.program", *only, *arguments],
        env={"PYTHONPATH": ":".join(filter(None, [str(ROOT), *sys.path]))},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert process.returncode == 0, process.stderr
    document = json.loads((tmp_path / "output" / "performance.json").read_text())
    assert set(document["workloads"]) == {
        "fetchall_3",
        "fetchall_5",
        "point_select",
        "executemany",
        "writers_1",
        "tasks_8",
        "blob_1024",
        "failover_quick",
    }
    assert SQLITE3 in document["workloads"]["executemany"]["medians"]
    failover = document["workloads"].pop("failover_quick")
    assert (failover["at_most"], *failover["medians"]) == (1.0, THREE_PROCESSES)
    assert f"{failover['title']}: {THREE_PROCESSES} = " in process.stdout
    for workload in document["workloads"].values():
        assert {EMBEDDED, NOW, BEFORE, "dqlitepy (3 nodes)"} <= workload["medians"].keys()
        assert all(figure > 0 for figure in workload["medians"].values())
    assert (tmp_path / "output" / "performance.txt").read_text().strip() == process.stdout.strip()
    assert len(list(tmp_path.iterdir())) == 1, "the databases are still there"


def measured(**rounds: list[float]) -> Measurement:
    workload = Workload("name", "a title with <&>", "each", goals=(Goal("theirs", 0.5, "ours"),), charted=True)
    return Measurement(workload, rounds, {name: max(figures) for name, figures in rounds.items()})


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    measurement = measured(ours=[1.0, 2.0, 30.0], theirs=[2.0, 5.0, 60.0])
    assert measurement.ratio("ours", "theirs") == 0.5
    assert measurement.ratio("ours", "missing") is None
    assert [ratio for _, ratio in measurement.outcomes()] == [0.5]


@pytest.mark.parametrize(("fraction", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentile(fraction: float, expected: float) -> None:
    assert percentile(range(100, 0, -1), fraction) == expected


def test_the_chart_is_one_well_formed_image_with_both_colour_schemes() -> None:
    chart = svg([measured(ours=[1.0], theirs=[2.0])])
    bars = [element for element in ElementTree.fromstring(chart).iter() if element.tag.endswith("rect")]
    shorter, longer = (float(bar.attrib["width"]) for bar in bars)
    assert longer == pytest.approx(2 * shorter, rel=0.01)
    assert "prefers-color-scheme: dark" in chart
