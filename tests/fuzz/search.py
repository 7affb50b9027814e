# SPDX-License-Identifier: Apache-2.0
"""Generates cases until the time is over, and keeps the smallest case of each fault."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import cases, frames, peers
from tests.fuzz.chance import Chance
from tests.fuzz.target import Fault, Target

KINDS: dict[str, Callable[[Chance], list[bytes]]] = {
    "frames": frames.connections,
    "peers": peers.connections,
    "entries": peers.entries,
}

# So many cases meet one node. Those of peers are written for the log of a fresh one.
_BATCH = {"frames": 25, "peers": 1, "entries": 1}

_PLACES = (
    r"SUMMARY: \w+: (.*)",
    r"([\w./-]+:\d+: \w+: Assertion `.*)",
    r"(ERROR: \w+Sanitizer.*)",
    r"(the node .*)",
    r"(no connection.*)",
)


@dataclass
class Findings:
    """What was tried, and what each kind of fault was seen by."""

    tried: int = 0
    faults: dict[str, tuple[list[bytes], str]] = field(default_factory=dict)


def place_of(fault: str) -> str:
    """Returns the line by which two faults are the same one."""
    for pattern in _PLACES:
        if found := re.search(pattern, fault):
            return re.sub(r"0x[0-9a-f]+|==\d+==|\d+ byte\(s\)|\(status.*|in \d+ allocation.*", "", found[1]).strip()
    return fault.splitlines()[0]


def search(kind: str, seed: int, seconds: float, program: str | None, tell: Callable[[str], None]) -> Findings:
    """Tries cases of a kind for so long; a seed gives the same cases in the same order."""
    findings = Findings()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        batch = [KINDS[kind](Chance(f"{kind} {seed} {findings.tried + i}")) for i in range(_BATCH[kind])]
        fault = fault_of(batch, program)
        findings.tried += len(batch)
        if fault is None or place_of(fault) in findings.faults:
            continue
        place = place_of(fault)
        # First without an entry of its own: the search for the smallest may end with the time.
        findings.faults[place] = smallest(batch, fault, place, program, deadline)
        tell(f"{kind}: {place}")
    return findings


def fault_of(batch: list[list[bytes]], program: str | None) -> str | None:
    """Sends the cases to a fresh node; returns what went wrong, if something did."""
    target = None
    try:
        target = Target(program)
        for case in batch:
            target.run(case)
        target.stop()
    except Fault as fault:
        return str(fault)
    finally:
        if target is not None:
            target.end()
    return None


def smallest(
    batch: list[list[bytes]], fault: str, place: str, program: str | None, deadline: float
) -> tuple[list[bytes], str]:
    """Leaves connections out for as long as the same fault comes; returns what is left of them, and the fault."""
    left = [sent for case in batch for sent in case]
    step = max(1, len(left) // 2)
    while time.monotonic() < deadline:
        for start in range(0, len(left), step):
            fewer = left[:start] + left[start + step :]
            seen = fault_of([fewer], program) if fewer else None
            if seen is not None and place_of(seen) == place:
                left, fault = fewer, seen
                break
            if time.monotonic() > deadline:
                break
        else:
            if step == 1:
                break
            step = max(1, step // 2)
    return left, fault


def keep(findings: Findings, kind: str, directory: Path) -> list[Path]:
    """Writes what was found as cases of the corpus."""
    paths = []
    for place, (connections, fault) in sorted(findings.faults.items()):
        name = re.sub(r"[^a-z0-9]+", "-", place.lower()).strip("-")[:60]
        path = directory / f"{kind}-{name}.case"
        cases.save(path, connections, place)
        path.with_suffix(".log").write_text(fault)
        paths.append(path)
    return paths
