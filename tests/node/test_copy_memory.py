# SPDX-License-Identifier: Apache-2.0
"""However large the database is, Python holds little of it while it is copied."""

from __future__ import annotations

import os
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

ROWS = 60_000
ROW_BYTES = 600
# A tenth of the database: what one piece of a copy, or one batch of rows, takes, several times over.
BOUND_BYTES = 8 * 2**20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dqlitepy.Connection]:
    """Yields a connection to a database of more than four times BOUND_BYTES."""
    with closing(dqlitepy.connect(tmp_path_factory.mktemp("large") / "data")) as con:
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
        numbers = f"WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {ROWS}) "
        con.execute(f"{numbers} INSERT INTO t SELECT i, hex(randomblob({ROW_BYTES // 2})) FROM n")
        con.commit()
        ((size,),) = con.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        assert size > 4 * BOUND_BYTES
        yield con


def most_memory(function: Callable[[], object]) -> int:
    """Returns how many bytes of Python's memory a call takes at most."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_backup(large: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    assert most_memory(lambda: large.backup(path, pages=100, progress=lambda *_: None)) < BOUND_BYTES
    assert os.path.getsize(path) > 4 * BOUND_BYTES


def test_a_dump(large: dqlitepy.Connection) -> None:
    assert most_memory(lambda: deque(large.iterdump(), maxlen=0)) < BOUND_BYTES


def test_a_restore(large: dqlitepy.Connection, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    large.backup(path)
    with closing(dqlitepy.connect(tmp_path / "again")) as target:
        assert most_memory(lambda: target.restore(path)) < BOUND_BYTES
        assert target.execute("SELECT count(*) FROM t").fetchone() == (ROWS,)
        with closing(dqlitepy.connect(tmp_path / "third")) as third:
            assert most_memory(lambda: third.restore(target)) < BOUND_BYTES
