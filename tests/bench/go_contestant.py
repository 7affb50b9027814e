# SPDX-License-Identifier: Apache-2.0
"""The program in `go_driver/`: go-dqlite's own driver as a contestant, and a node that others reach over TCP."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from dqlitepy._cluster.embedded_nodes import SNAPSHOT_THRESHOLD, SNAPSHOT_TRAILING


class GoProgram:
    """The running program."""

    def __init__(self, binary: Path) -> None:
        self._process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, operation: str, **task: Any) -> dict[str, Any]:
        """Does one task and returns the answer.

        Raises:
            RuntimeError: it failed.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, **task}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise RuntimeError(f"go_driver, {operation}: {answer['error']}")
        return answer

    def start_node(self, directory: Path, address: str) -> None:
        """Starts a node with the settings of dqlitepy's."""
        directory.mkdir(parents=True)
        self.do("node", **_node(directory, address))

    def close(self) -> None:
        """Stops the node and ends the program."""
        self._process.communicate()


class GoDriver:
    """A node and go-dqlite's driver in one process, or the driver alone."""

    def __init__(self, name: str, program: GoProgram, address: str, database: str, directory: Path) -> None:
        self.name = name
        self._program = program
        self._directory = directory
        self._address = address
        program.do("connect", address=address, database=database)

    def run(self, sql: str) -> None:
        self._program.do("each", sql=sql, parameters=[[]])

    def fetch_all(self, sql: str) -> list[float]:
        """Reads a whole result; each value becomes a Go value, none is kept."""
        return self._seconds("each", sql=sql, parameters=[[]])

    def each(self, sql: str, parameters: Sequence[Sequence[Any]]) -> list[float]:
        """Runs a statement once for each item of `parameters`, in autocommit; reads its rows."""
        return self._seconds("each", sql=sql, parameters=parameters)

    def many(self, sql: str, parameters: Sequence[Sequence[Any]]) -> list[float]:
        """Runs a prepared statement once for each item of `parameters`, in one transaction."""
        return self._seconds("many", sql=sql, parameters=parameters)

    def together(self, sql: str, parameters: Sequence[Sequence[Any]], threads: int) -> list[float]:
        """Shares the runs of a statement out among threads that have a connection each."""
        return self._seconds("together", sql=sql, parameters=parameters, threads=threads)

    # What tasks are to Python, goroutines are to Go, and so are threads.
    tasks = together

    def close(self) -> None:
        self._program.close()

    def _seconds(self, operation: str, **task: Any) -> list[float]:
        figures: list[float] = self._program.do(operation, **task)["seconds"]
        return figures


class EmbeddedGoDriver(GoDriver):
    """The driver in the process that holds the node."""

    def first_row(self) -> list[float]:
        """Starts a node in a fresh directory, connects, and reads a row."""
        directory = Path(mkdtemp(dir=self._directory))
        return self._seconds("first_row", sql="SELECT 1", **_node(directory, self._address + "-first-row"))


def _node(directory: Path, address: str) -> dict[str, Any]:
    return {
        "directory": str(directory),
        "address": address,
        "threshold": SNAPSHOT_THRESHOLD,
        "trailing": SNAPSHOT_TRAILING,
    }
