# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy bench`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import dqlitepy
from dqlitepy._cli.failure import DONE, Failure
from dqlitepy._cli.terminal import Style, columns

_ROWS = 100_000
_MANY = 10_000
_SELECTS = 500
_INSERTS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what the command takes."""
    parser.add_argument(
        "--directory", type=Path, default=Path("."), help="on the disk to be measured; a folder in it comes and goes"
    )
    parser.add_argument("--rounds", type=int, default=7, help="of which the median counts (default: 7)")
    parser.add_argument("--json", action="store_true", help="print seconds and ratios as one JSON object")
    parser.epilog = (
        "Each round runs the same SQL on an embedded node and on a file of the sqlite3 module (WAL, synchronous=FULL), "
        "in turn. A ratio below 1 means that dqlitepy takes less time. docs/performance.md explains the figures."
    )


def run(options: argparse.Namespace) -> int:
    """Measures and prints."""
    if options.rounds < 1:
        raise Failure("--rounds must be at least 1", "Five or more give a median that means something.")
    with _databases(options.directory) as databases:
        results = {title: _measure(work, databases, options.rounds) for title, work in _WORKLOADS.items()}
    if options.json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    else:
        _print(results)
    return DONE


@contextmanager
def _databases(directory: Path) -> Iterator[dict[str, Any]]:
    try:
        import sqlite3  # which some distributors leave out
    except ImportError:
        raise Failure("this Python has no sqlite3 module to compare with", "Use a complete one.") from None
    with ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="dqlitepy-bench-", dir=directory)))
        except OSError as error:
            raise Failure(f"{directory} cannot be used: {error.strerror}", "Give --directory, on a disk.") from error
        ours = dqlitepy.connect(folder / "dqlitepy", isolation_level=None)
        stack.callback(ours.close)
        theirs = sqlite3.connect(folder / "sqlite3.db", isolation_level=None)
        stack.callback(theirs.close)
        theirs.execute("PRAGMA journal_mode=WAL")
        theirs.execute("PRAGMA synchronous=FULL")
        databases: dict[str, Any] = {"dqlitepy": ours, "sqlite3": theirs}
        for connection in databases.values():
            connection.execute("CREATE TABLE numbers (id INTEGER PRIMARY KEY, name TEXT, value REAL)")
            connection.execute("CREATE TABLE inserted (id INTEGER, name TEXT, value REAL)")
            connection.execute(
                "INSERT INTO numbers WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "SELECT i, 'name-' || i, i * 0.5 FROM n",
                (_ROWS,),
            )
        yield databases


def _measure(work: Callable[[Any], None], databases: dict[str, Any], rounds: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in databases}
    for number in range(rounds + 1):
        for name, connection in databases.items():
            start = perf_counter()
            work(connection)
            if number:  # the first one warms caches up
                seconds[name].append(perf_counter() - start)
    result = {name: median(figures) for name, figures in seconds.items()}
    result["ratio"] = median(a / b for a, b in zip(seconds["dqlitepy"], seconds["sqlite3"], strict=True))
    return result


def _read_all(connection: Any) -> None:
    connection.execute("SELECT * FROM numbers").fetchall()


def _iterate(connection: Any) -> None:
    for _ in connection.execute("SELECT * FROM numbers"):
        pass


def _select(connection: Any) -> None:
    for number in range(_SELECTS):
        connection.execute("SELECT name, value FROM numbers WHERE id = ?", (number * 199 % _ROWS + 1,)).fetchone()


def _insert(connection: Any) -> None:
    for number in range(_INSERTS):
        connection.execute("INSERT INTO inserted VALUES (?, 'one more', 0.5)", (number,))


def _insert_many(connection: Any) -> None:
    connection.execute("BEGIN IMMEDIATE")
    rows = [(number, f"name-{number}", number * 0.5) for number in range(_MANY)]
    connection.executemany("INSERT INTO inserted VALUES (?, ?, ?)", rows)
    connection.execute("COMMIT")


_WORKLOADS: dict[str, Callable[[Any], None]] = {
    f"read {_ROWS:,} rows into a list": _read_all,
    f"read {_ROWS:,} rows one by one": _iterate,
    f"select a row by its key, {_SELECTS} times": _select,
    f"insert a row and commit, {_INSERTS} times": _insert,
    f"insert {_MANY:,} rows by executemany": _insert_many,
}


def _print(results: dict[str, dict[str, float]]) -> None:
    style = Style(sys.stdout)
    rows = [
        (title, f"{result['dqlitepy'] * 1e3:.1f} ms", f"{result['sqlite3'] * 1e3:.1f} ms", f"{result['ratio']:.2f}")
        for title, result in results.items()
    ]
    head, *lines = columns(("", "dqlitepy", "sqlite3", "ratio"), rows, numbers=(1, 2, 3))
    print(style(head, "bold"), *lines, sep="\n")
