# SPDX-License-Identifier: Apache-2.0
"""What clients asked for and what they were told, as JSON lines that outlive the process which wrote them.

Each operation is two lines: one before it is sent and one when its outcome is known. A process that is killed in
between leaves only the first: the outcome is unknown then. Times are those of the monotonic clock, which all processes
of one machine share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

OK = "ok"  # it happened, and `result` is what it said
FAIL = "fail"  # it did not happen and never will
INFO = "info"  # it may have happened, or may still
NEVER = float("inf")

CONNECT = "connect"  # what is done before an operation of a workload, by the name of no workload
UNDECIDED = "undecided"  # the kind of what a checker could neither find right nor wrong


@dataclass
class Operation:
    """One invocation and its outcome."""

    id: str
    worker: str
    workload: str
    f: str
    value: Any
    start: float
    end: float = NEVER
    outcome: str = INFO
    result: Any = None
    error: str = ""
    strict: bool = False  # it has to see all that was acknowledged before it began
    tags: dict[str, Any] = field(default_factory=dict)
    code: int = 0  # SQLite's, of the error
    returned: float = NEVER  # when its client was told, whatever that was

    @property
    def process(self) -> int:
        """The number of the process that it ran in."""
        return int(self.id.split(".")[1])

    @property
    def session(self) -> bool:
        """Whether it has to see all that its worker wrote and read before."""
        return bool(self.tags.get("session"))

    @property
    def ok(self) -> bool:
        """Whether it happened for certain."""
        return self.outcome == OK

    @property
    def failed(self) -> bool:
        """Whether it certainly did not happen."""
        return self.outcome == FAIL


class Recorder:
    """Writes the history of one worker. Each line is one write, so that a process that is killed leaves whole lines."""

    def __init__(self, path: Path, worker: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._worker = worker
        self._count = 0
        self._unique = f"{worker}.{os.getpid()}"

    def invoke(self, workload: str, f: str, value: Any, *, strict: bool, **tags: Any) -> str:
        """Notes an operation before it is sent and returns its name."""
        self._count += 1
        name = f"{self._unique}.{self._count}"
        start = {"id": name, "w": self._worker, "l": workload, "f": f, "v": value, "s": strict, "x": tags}
        self._write({**start, "t": monotonic()})
        return name

    def complete(self, name: str, outcome: str, result: Any = None, error: str = "", code: int = 0) -> None:
        """Notes what came of it."""
        self._write({"id": name, "t": monotonic(), "o": outcome, "r": result, "e": error, "c": code})

    def close(self) -> None:
        """Ends the file."""
        os.close(self._file)

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")


def load(paths: Iterable[Path]) -> list[Operation]:
    """Reads histories and returns their operations by the time at which they began."""
    found: dict[str, Operation] = {}
    for path in paths:
        for line in _lines(path):
            if "o" in line:
                operation = found[line["id"]]
                operation.end = operation.returned = line["t"]
                operation.outcome = line["o"]
                operation.result, operation.error, operation.code = line["r"], line["e"], line["c"]
                if operation.outcome == INFO:
                    operation.end = NEVER  # it may take effect later than its client was told
            else:
                found[line["id"]] = Operation(
                    line["id"], line["w"], line["l"], line["f"], line["v"], line["t"], strict=line["s"], tags=line["x"]
                )
    return sorted(found.values(), key=lambda operation: operation.start)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(text)
        except ValueError:
            continue  # the last line of a process that was killed in the middle of it


@dataclass(frozen=True)
class Violation:
    """Something that must never be, and what shows it."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
