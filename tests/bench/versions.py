# SPDX-License-Identifier: Apache-2.0
"""Another version of dqlitepy as a contestant: from its wheel, in a process of its own.

This version takes part once more in a process of its own, so that the two differ in nothing else.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.bench.contestants import Embedded


class Alone:
    """dqlitepy with a node, in a process that has nothing else to do."""

    def __init__(self, name: str, directory: Path, package: Path | None = None) -> None:
        """Starts the process.

        Args:
            name: of the contestant.
            directory: for the node's directory; is created.
            package: what comes first in the search path of the process, None for the package of this process.
        """
        self.name = name
        directory.mkdir()
        search_path = [*([str(package)] if package else []), *filter(None, sys.path)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.versions", directory],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(search_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, sql: str) -> None:
        """Runs a statement and commits it."""
        self._do("run", sql)

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_") or not hasattr(Embedded, operation):
            raise AttributeError(operation)
        return lambda *arguments: self._do(operation, *arguments)

    def close(self) -> None:
        """Stops the node and ends the process."""
        self._process.communicate()

    def _do(self, operation: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        pickle.dump((operation, arguments), self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)  # noqa: S301 - our own process wrote it


def unpack(wheel: Path, directory: Path) -> Path:
    """Unpacks a wheel into a new directory, and returns that."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def main() -> None:
    """Does what the other process asks for, until it closes its end."""
    contestant = Embedded(Path(sys.argv[1]))
    while True:
        try:
            operation, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - see above
        except EOFError:
            break
        pickle.dump(getattr(contestant, operation)(*arguments), sys.stdout.buffer)
        sys.stdout.buffer.flush()
    contestant.close()


if __name__ == "__main__":
    main()
