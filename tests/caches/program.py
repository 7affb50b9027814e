# SPDX-License-Identifier: Apache-2.0
"""Shows that caches spare a second clone all the work: `tools/bazel run //tests/caches`.

Three clones at three paths: the first builds the wheel and fills a disk cache and a remote one, the others start from
nothing but one of these each. An action that one of them runs itself is a failure: its key depends on the path.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.caches import http_cache
from tools.reproduce.builds import WORK_FOLDER, BuildFailed, Circumstances, copy

# What Bazel does in its own process (links, generated files) is in no cache.
_NOT_RUN = {"total", "internal", "disk cache hit", "remote cache hit"}

# Each machine says for itself which build tools it has (//third_party/host_tools).
_ALWAYS_RUN = 1


def main() -> int:
    """Returns 0 where no second build ran an action, 1 where one did, 2 where a build failed."""
    checkout = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    with TemporaryDirectory(prefix="caches-", dir=WORK_FOLDER) as name:
        work = Path(name)
        (work / "remote").mkdir()
        disk, remote = f"--disk_cache={work}/disk", "--remote_cache={address}"
        try:
            _build(checkout, work, "first", [disk, remote])
            missed = [
                _build(checkout, work, "second-clone-with-the-disk-cache", [disk]),
                _build(checkout, work, "third-clone-with-the-remote-cache", ["--disk_cache=", remote]),
            ]
        except BuildFailed as failure:
            print(f"caches: {failure}", file=sys.stderr)
            return 2
    return 1 if any(missed) else 0


def _build(checkout: Path, work: Path, name: str, caches: list[str]) -> int:
    """Builds the wheel, prints how, and returns how many actions were run that a cache could have spared.

    {address} in the flags is the remote cache's.
    """
    events = work / f"{name}.json"
    with copy(checkout, Circumstances(work / name)) as copied:
        server = int(copied.bazel("info", "server_pid"))
        with _remote_cache(work / "remote", server) as address:
            began = time.monotonic()
            flags = [flag.format(address=address) for flag in caches]
            copied.build(["//:wheel"], [*flags, f"--build_event_json_file={events}"])
            seconds = time.monotonic() - began
    runners = _runners(events)
    run = sum(count for runner, count in runners.items() if runner not in _NOT_RUN)
    hits = runners.get("disk cache hit", 0) + runners.get("remote cache hit", 0)
    print(f"{name}: {seconds:.0f} s, {run} actions run, {hits} taken from a cache", flush=True)
    return run - _ALWAYS_RUN


@contextmanager
def _remote_cache(blobs: Path, bazel: int) -> Iterator[str]:
    """Serves the folder `blobs` where the process `bazel` reaches it, and yields the address.

    The air-gapped edition's Bazel lives in a network of its own, which has nothing but a loopback interface.
    """
    network = Path(f"/proc/{bazel}/ns/net").readlink()
    same = network == Path("/proc/self/ns/net").readlink()
    enter = [] if same else ["nsenter", f"--target={bazel}", *_as_its_user(bazel), "--net", "--"]
    with subprocess.Popen(
        [*enter, sys.executable, http_cache.__file__, str(blobs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise BuildFailed("the remote cache did not start")
        yield address


def _as_its_user(bazel: int) -> list[str]:
    """An ordinary user may only join a network by way of the user namespace that it belongs to."""
    same = Path(f"/proc/{bazel}/ns/user").readlink() == Path("/proc/self/ns/user").readlink()
    return [] if same else ["--user", "--preserve-credentials"]


def _runners(events: Path) -> dict[str, int]:
    """Returns how many actions each of Bazel's ways to run one has had, by Bazel's own account."""
    for line in events.read_text().splitlines():
        if metrics := json.loads(line).get("buildMetrics"):
            return {runner["name"]: int(runner["count"]) for runner in metrics["actionSummary"]["runnerCount"]}
    raise BuildFailed(f"Bazel wrote no metrics into {events}")


if __name__ == "__main__":
    sys.exit(main())
