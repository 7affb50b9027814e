# SPDX-License-Identifier: Apache-2.0
"""Twenty sentences of the pages, each with the file that does what it says. Where two do, either is a good guess.

Whoever moves a file changes its row. With CONTRIBUTING.md and the names of files, a reader should guess each at once.
"""

from __future__ import annotations

import pytest

from tests.support import ROOT

PACKAGE = "python/dqlitepy"
SENTENCES: list[tuple[str, ...]] = [
    ("README.md", "If the leader dies, a connection finds the new one by itself.", "go/leader/search.go"),
    (
        "docs/operations.md",
        "`restore` checks the file before it writes anything",
        f"{PACKAGE}/_copying/source_check.py",
    ),
    ("docs/operations.md", "copied in pieces that become visible together", f"{PACKAGE}/_copying/restore_pieces.py"),
    ("docs/operations.md", "serves Prometheus' text format at `/metrics`", f"{PACKAGE}/_cli/metrics.py"),
    ("docs/operations.md", "reads every file in a node's directory", f"{PACKAGE}/_cli/inspect.py"),
    ("docs/operations.md", "becomes a SQLite file in the new folder `saved`", f"{PACKAGE}/_cli/salvage.py"),
    ("docs/operations.md", "The leader adjusts roles every 30 seconds", "go/node/roles.go"),
    (
        "docs/operations.md",
        "asks a majority of the voters before each SELECT",
        "go/leader/quorum.go",
        "go/session/linearizable.go",
    ),
    ("docs/differences-from-sqlite3.md", "**A `file:` URI names a directory.**", f"{PACKAGE}/_cluster/file_uri.py"),
    ("docs/differences-from-sqlite3.md", "`BEGIN IMMEDIATE`. So if", f"{PACKAGE}/_connection/transactions.py"),
    ("docs/differences-from-sqlite3.md", "**`setlimit` lowers three limits**", f"{PACKAGE}/_connection/limits.py"),
    ("docs/differences-from-sqlite3.md", "**`setconfig` changes what", f"{PACKAGE}/_connection/settings.py"),
    ("docs/differences-from-sqlite3.md", "read into memory or a temporary file", f"{PACKAGE}/_connection/spool.py"),
    ("docs/differences-from-sqlite3.md", "**`iterdump` loses less.**", f"{PACKAGE}/_copying/iterdump.py"),
    ("docs/asyncio.md", "one descriptor tells the loop", f"{PACKAGE}/_native/poller.py"),
    ("docs/asyncio.md", "Tasks that share it take turns, in order.", f"{PACKAGE}/aio/_turns.py"),
    ("docs/sqlalchemy.md", "a `Decimal` that would not come back the same", f"{PACKAGE}/sqlalchemy/_types.py"),
    ("docs/performance.md", "**It looks for the answer for 80 µs before it sleeps**", "go/link/spin.go"),
    ("docs/building.md", "A `#!/bin/sh` program runs on the machine itself.", "tools/airgap/program.sh"),
    ("docs/versioning.md", "the package refuses a library with another number", f"{PACKAGE}/_native/library.py"),
]


def test_there_are_twenty() -> None:
    assert len(SENTENCES) == len({file for _, _, file, *_ in SENTENCES}) == 20


@pytest.mark.parametrize("row", SENTENCES, ids=[row[2] for row in SENTENCES])
def test_the_sentence_is_there_and_so_are_the_files(row: tuple[str, ...]) -> None:
    page, sentence, *files = row
    assert sentence in " ".join((ROOT / page).read_text(encoding="utf-8").split())
    for file in files:
        assert (ROOT / file).is_file()
