# SPDX-License-Identifier: Apache-2.0
"""Builds twice under different circumstances and compares: `tools/bazel run //tools:reproduce [-- TARGET...]`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.reproduce.builds import WORK_FOLDER, BuildFailed, Circumstances, build
from tools.reproduce.comparison import Comparison, compare


def main() -> int:
    """Returns 0 where every byte is the same, 1 where one is not, 2 where a build failed."""
    options = _parser().parse_args()
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    with TemporaryDirectory(prefix="reproduce-", dir=WORK_FOLDER) as name:
        work = Path(name)
        first = Circumstances(work / "a")
        second = Circumstances(
            work / "a-folder-with-a-much-longer-name" / "and-another-below-it",
            umask=0o077,
            time_zone="Pacific/Chatham",
            jobs=first.jobs + 3,
        )
        try:
            with build(checkout, first, options.targets) as one, build(checkout, second, options.targets) as other:
                comparison = compare(one, other)
        except BuildFailed as failure:
            print(f"reproduce: {failure}", file=sys.stderr)
            return 2
    print(_summary(comparison))
    return 1 if comparison.differences else 0


def _summary(comparison: Comparison) -> str:
    lines = [difference.account for difference in comparison.differences]
    lines += [f"the same in both builds: {count} {kind}" for kind, count in comparison.same.items()]
    lines += [f"{digest}  {wheel}" for wheel, digest in comparison.wheels.items()]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reproduce", description=__doc__)
    parser.add_argument("targets", nargs="*", default=["//:wheel"], help="what is built (default: //:wheel)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
