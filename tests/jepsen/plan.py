# SPDX-License-Identifier: Apache-2.0
"""What one run does: all of it drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.jepsen.clients import ASYNC, POOL, THREAD, Plan
from tests.jepsen.nemeses.table import DISKS, MEMBERSHIP, PARTITIONS, PROCESSES, TERMS
from tests.jepsen.workloads.table import CHOSEN

# How many workers a workload has; each of the set's writes all the time.
_WORKERS = {"set": 8, "append": 6, "bank": 5, "register": 5, "counter": 4, "wide": 4, "ddl": 2, "late": 3}
_PAUSES = {
    "set": 0.0,
    "append": 0.02,
    "bank": 0.01,
    "register": 0.02,
    "counter": 0.03,
    "wide": 0.1,
    "ddl": 0.2,
    "late": 0.05,
}
_LATENCIES = (0.02, 0.03, 0.05)
# How many operations a second must be acknowledged at least. A hundred runs had 119 or more in their 25 seconds: a
# machine that is twelve times as slow still has enough.
_LEAST = 0.4
# How many of the workers that do not ask a majority read at their own node, or at the nearest.
_LOCAL = 0.5
# How many of the runs have statements that end in another term, and a WAL of many frames.
_LATE = 0.25
_LONG = 0.15
_FRAMES = 10_000
# How long a cursor waits for that at most. It is an operation: see durations.LONGEST.
HOLD_SECONDS = 45.0
# Entries between snapshots and entries kept behind one: every few entries, often, and dqlitepy's own.
_SNAPSHOTS = ((4, 4), (32, 32), (512, 1024))


@dataclass
class RunPlan:
    """A run before it begins."""

    seed: int
    seconds: float
    nodes: int
    tls: bool
    disks: bool
    prepared: bool  # the operator made the nodes' directories, and they are safe
    relays: bool
    latency: float
    snapshot: tuple[int, int]
    workloads: list[str]
    crews: list[list[str]]  # of nemeses, each crew one after another, the crews at the same time
    frames: int = 0  # the WAL has to become longer than this, beside cursors that wait for it; 0: any length will do
    remote: list[Plan] = field(default_factory=list)
    inside: dict[int, list[Plan]] = field(default_factory=dict)

    @property
    def nemeses(self) -> set[str]:
        """The faults of all crews."""
        return {name for crew in self.crews for name in crew}

    @property
    def least(self) -> int:
        """How many operations are acknowledged at least, where the run is to show anything; 0 where nobody works."""
        works = self.remote or any(self.inside.values())
        return max(1, int(self.seconds * _LEAST)) if works else 0

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the nodes."""
        return {
            "network_latency": self.latency,
            "roles_interval": 0.5,
            "voters": max(3, self.nodes),
            "snapshot_threshold": self.snapshot[0],
            "snapshot_trailing": self.snapshot[1],
        }


def draw(
    seed: int,
    seconds: float,
    *,
    disks: bool,
    nodes: int | None = None,
    workloads: Sequence[str] | None = None,
    nemeses: Collection[str] | None = None,
    tls: bool | None = None,
    latency: float | None = None,
    snapshot: tuple[int, int] | None = None,
    workers: int | None = None,
    inside: bool | None = None,
    prepared: bool | None = None,
    frames: int | None = None,
    repeat_ambiguous: bool = False,
) -> RunPlan:
    """Returns the run of a seed; what is given is not left to chance."""
    chance = random.Random(seed)
    plan = RunPlan(
        seed=seed,
        seconds=seconds,
        nodes=_or(nodes, chance.choice((3, 3, 5))),
        tls=_or(tls, chance.random() < 0.25),
        disks=chance.random() < 0.6 and disks,  # the same chances where there are none
        prepared=_or(prepared, chance.random() < 0.7),
        relays=True,
        latency=_or(latency, chance.choice(_LATENCIES)),
        snapshot=_or(snapshot, chance.choice(_SNAPSHOTS)),
        workloads=list(_or(workloads, ["set", *sorted(chance.sample(CHOSEN, 3))])),
        crews=[],
    )
    usable = [*PROCESSES, *PARTITIONS, *MEMBERSHIP, *(DISKS if plan.disks else ())]
    if nemeses is not None:
        plan.disks = disks and any(name in DISKS for name in nemeses)
        usable = [name for name in nemeses if plan.disks or name not in DISKS]
    for _ in range(chance.choice((1, 1, 2, 3))):
        plan.crews.append(chance.sample(usable, min(len(usable), chance.randint(2, 6))))
    # Of numbers of their own, so that a seed means what it meant before there were these.
    more = random.Random(f"{seed} more")
    reading = random.Random(f"{seed} reads")
    late, is_long = more.random() < _LATE, more.random() < _LONG
    plan.frames = _or(frames, _FRAMES if is_long and workloads is None else 0)
    if plan.frames and "wide" not in plan.workloads:
        plan.workloads.append("wide")
    if late and workloads is None:
        plan.workloads.append("late")
    if late and nemeses is None:
        plan.crews[0].extend(TERMS)
    for workload in plan.workloads:
        for number in range(_or(workers, _WORKERS[workload])):
            worker = Plan(
                name=f"{workload}{number}",
                kind=chance.choices((THREAD, POOL, ASYNC), (5, 2, 3))[0],
                workload=workload,
                seed=chance.randrange(1 << 40),
                linearizable=workload == "register" or chance.random() < 0.5,
                retry=chance.random() < 0.5,
                pause=_PAUSES[workload],
                reconnect=chance.choice((0.02, 0.02, 0.3)),
                server=chance.choice((None, chance.randrange(plan.nodes))),
                repeat_ambiguous=repeat_ambiguous,
            )
            worker.local = not worker.linearizable and reading.random() < _LOCAL
            embedded = chance.random() < 0.4 if inside is None else inside
            node = chance.randrange(plan.nodes)
            if embedded:
                plan.inside.setdefault(node, []).append(worker)
            else:
                plan.remote.append(worker)
    if plan.frames:
        plan.remote += _holders(plan, more)
    return plan


def _holders(plan: RunPlan, chance: random.Random) -> list[Plan]:
    return [
        Plan(
            name=f"holder{number}",
            kind=THREAD,
            workload=workload,
            seed=chance.randrange(1 << 40),
            linearizable=False,
            retry=False,
            pause=0.05,
            reconnect=0.3,
            holds=HOLD_SECONDS,
        )
        for number, workload in enumerate(("wide", "wide", "bank"))
        if workload in plan.workloads
    ]


def _or(given: Any, drawn: Any) -> Any:
    return drawn if given is None else given
