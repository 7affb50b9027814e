# SPDX-License-Identifier: Apache-2.0
"""Shows that caches spare a second clone all the work: `tools/bazel run //tests/caches`.

Three clones at three paths: the first builds the wheel and fills a disk cache and a remote one, the others start from
nothing but one of these each. An action that one of them runs itself is a failure: its key depends on the path.
The air-gapped edition has no remote cache: its Bazel reaches no network.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.caches.http_cache import serve
from tools.reproduce.builds import WORK_FOLDER, BuildFailed, Circumstances, build

# What Bazel does in its own process (links, generated files) is in no cache.
_NOT_RUN = {"total", "internal", "disk cache hit", "remote cache hit"}


def main() -> int:
    """Returns 0 where no second build ran an action, 1 where one did, 2 where a build failed."""
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    with TemporaryDirectory(prefix="caches-", dir=WORK_FOLDER) as name:
        work = Path(name)
        disk = [f"--disk_cache={work}/disk"]
        (work / "remote").mkdir()
        try:
            with serve(work / "remote") as address:
                remote = [] if os.environ.get("DQLITEPY_BUILD") == "airgap" else [f"--remote_cache={address}"]
                _build(checkout, work, "first", [*disk, *remote])
                missed = [_build(checkout, work, "second-clone-with-the-disk-cache", disk)]
                if remote:
                    missed.append(
                        _build(checkout, work, "third-clone-with-the-remote-cache", ["--disk_cache=", *remote])
                    )
        except BuildFailed as failure:
            print(f"caches: {failure}", file=sys.stderr)
            return 2
    return 1 if any(missed) else 0


def _build(checkout: Path, work: Path, name: str, flags: list[str]) -> int:
    """Builds the wheel, prints how, and returns how many actions were run."""
    events = work / f"{name}.json"
    began = time.monotonic()
    with build(checkout, Circumstances(work / name, flags=[*flags, f"--build_event_json_file={events}"]), ["//:wheel"]):
        seconds = time.monotonic() - began
    runners = _runners(events)
    run = sum(count for runner, count in runners.items() if runner not in _NOT_RUN)
    hits = runners.get("disk cache hit", 0) + runners.get("remote cache hit", 0)
    print(f"{name}: {seconds:.0f} s, {run} actions run, {hits} taken from a cache", flush=True)
    return run


def _runners(events: Path) -> dict[str, int]:
    """Returns how many actions each of Bazel's ways to run one has had, by Bazel's own account."""
    for line in events.read_text().splitlines():
        if metrics := json.loads(line).get("buildMetrics"):
            return {runner["name"]: int(runner["count"]) for runner in metrics["actionSummary"]["runnerCount"]}
    raise BuildFailed(f"Bazel wrote no metrics into {events}")


if __name__ == "__main__":
    sys.exit(main())
