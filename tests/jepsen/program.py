# SPDX-License-Identifier: Apache-2.0
"""The long run of the fault suite: `tools/bazel run //tests/jepsen -- --minutes 60 --seed 1`.

It reports each run as it ends, and exits 1 where one showed a violation, and 3 where none did but one was idle or
short: next to nothing was acknowledged in it, or its WAL was to become long and did not, so that it does not show what
it was to show. `--seed N --runs 1` repeats one run. Where the machine allows no namespaces it says so and exits 2.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic

from tests.jepsen import report
from tests.jepsen.disk.mount import available
from tests.jepsen.isolated import run_isolated
from tests.jepsen.namespaces import missing
from tests.jepsen.nemeses.table import NEMESES
from tests.jepsen.plan import draw
from tests.jepsen.runner import Report
from tests.jepsen.workloads.table import WORKLOADS
from tests.support import in_workspace

_UNABLE = 2
_IDLE = 3
_MOST = 12  # violations of one run that are told


def main() -> int:
    """Returns the status of the program: 0 where all runs were clean."""
    options = _parser().parse_args()
    if refused := missing():
        print(f"jepsen: {refused}", file=sys.stderr)
        return _UNABLE
    seed = random.SystemRandom().randrange(1 << 20) if options.seed is None else options.seed
    deadline = monotonic() + options.minutes * 60
    reports: list[Report] = []
    disks = options.disks and available()
    print(f"jepsen: seeds from {seed} on; disks that lose power: {'yes' if disks else 'no, there is no /dev/fuse'}")
    if options.directory:
        options.directory.mkdir(parents=True, exist_ok=True)
    while len(reports) < options.runs if options.runs else monotonic() < deadline:
        plan = draw(
            seed + len(reports),
            options.seconds,
            disks=disks,
            nodes=options.nodes,
            workloads=options.workload,
            nemeses=options.nemesis,
            tls=options.tls,
            latency=options.latency,
            prepared=options.prepared,
            inside=options.inside,
            frames=options.frames,
            repeat_ambiguous=options.repeat_ambiguous,
        )
        folder = Path(mkdtemp(prefix=f"faults-{plan.seed}-", dir=options.directory))
        done = run_isolated(plan, folder)
        reports.append(done)
        keep = bool(done.violations) or done.idle or done.short or options.keep
        tell(done, str(folder) if keep else "")
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        if done.violations and options.until_violation:
            break
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "fault-runs.md").write_text(report.page(reports), encoding="utf-8")
    return verdict(reports)


def tell(done: Report, kept: str) -> None:
    """Says how a run ended, and where its files are, if they are kept. mutations.py reads this."""
    print(report.line(done), flush=True)
    for violation in done.violations[:_MOST]:
        print(f"    {violation}", flush=True)
    if kept:
        print(f"    kept: {kept}", flush=True)


def verdict(reports: Sequence[Report]) -> int:
    """Says how the runs ended and returns the status of the program."""
    bad = sum(bool(done.violations) for done in reports)
    idle = sum(done.idle and not done.short and not done.violations for done in reports)
    short = sum(done.short and not done.violations for done in reports)
    print(
        f"jepsen: {len(reports)} runs, {bad} of them with violations"
        f"{f', {idle} idle' if idle else ''}{f', {short} with a short WAL' if short else ''}"
    )
    return 1 if bad else _IDLE if idle or short else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jepsen", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long to go on, a new seed for each run")
    parser.add_argument("--runs", type=int, help="this many runs instead")
    parser.add_argument("--seed", type=int, help="of the first run; the following ones count up from it")
    parser.add_argument("--seconds", type=float, default=25.0, help="of faults in each run")
    parser.add_argument("--nodes", type=int, choices=(1, 3, 5), help="instead of what the seed says")
    parser.add_argument("--workload", action="append", choices=sorted(WORKLOADS), help="may be repeated")
    parser.add_argument("--nemesis", action="append", choices=sorted(NEMESES), help="may be repeated")
    parser.add_argument("--latency", type=float, metavar="SECONDS", help="of the network, as the nodes take it to be")
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction, help="instead of what the seed says")
    parser.add_argument(
        "--inside", action=argparse.BooleanOptionalAction, help="whether the clients are in the nodes' processes"
    )
    parser.add_argument(
        "--prepared", action=argparse.BooleanOptionalAction, help="whether the nodes' directories are made before"
    )
    parser.add_argument(
        "--frames", type=int, metavar="N", help="the WAL is to get longer than this beside half-fetched cursors; 0: any"
    )
    parser.add_argument(
        "--disks", action=argparse.BooleanOptionalAction, default=True, help="disks that fail and lose power (FUSE)"
    )
    parser.add_argument(
        "--repeat-ambiguous", action="store_true", help="a wrong client: to see that the checkers find what it does"
    )
    parser.add_argument("--until-violation", action="store_true", help="end with the first run that has one")
    parser.add_argument("--keep", action="store_true", help="keep the files of clean runs too")
    parser.add_argument("--directory", type=in_workspace, help="where the nodes' files are for the time being")
    parser.add_argument("--output", type=in_workspace, help="where fault-runs.md is written")
    return parser


if __name__ == "__main__":
    sys.exit(main())
