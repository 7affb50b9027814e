# SPDX-License-Identifier: Apache-2.0
"""Results of any size need little memory, also where another statement runs before they are read."""

from __future__ import annotations

import dqlitepy
import pytest
from dqlitepy._native.abi import SMALL_SIZE

from tests.node.inside import is_spooled
from tests.support import run_python

# The peak of this process's memory in MiB, above what it was when a connection had been opened.
MEASURE = """
    import resource
    import dqlitepy

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) "
    ROWS = NUMBERS + "SELECT i, hex(zeroblob(50)) FROM n"
    con = dqlitepy.connect(":memory:")
    con.execute("CREATE TABLE t (a)")
    con.execute(ROWS.format(10_000)).fetchall()
    before = peak()
"""
BOUND = 100  # MiB; the rows themselves take some 200 and more


def test_a_long_result_is_never_whole_in_memory() -> None:
    grown = run_python(
        MEASURE
        + """
    assert sum(1 for _ in con.execute(ROWS.format(1_000_000))) == 1_000_000
    print(peak() - before)
    con.close()
    """
    )
    assert float(grown) < BOUND


def test_a_result_that_makes_way_waits_on_the_disk() -> None:
    grown = run_python(
        MEASURE
        + """
    rows = con.execute(ROWS.format(1_000_000))
    next(rows)
    con.execute("INSERT INTO t VALUES (1)")
    assert sum(1 for _ in rows) == 999_999
    print(peak() - before)
    con.close()
    """
    )
    assert float(grown) < BOUND


SEVERAL_BATCHES = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i, hex(zeroblob(500)) FROM n
"""
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


def test_a_result_can_be_left_early(con: dqlitepy.Connection) -> None:
    cursor = con.execute(ENDLESS)
    assert cursor.fetchmany(3) == [(1,), (2,), (3,)]
    cursor.close()
    assert con.execute("SELECT 1").fetchone() == (1,)
    assert con.cursor().execute(ENDLESS).execute("SELECT 2").fetchone() == (2,)


def test_a_result_for_which_there_is_no_room_says_so(con: dqlitepy.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    con.execute("CREATE TABLE t (a)")
    rows = con.execute(SEVERAL_BATCHES)
    monkeypatch.setattr("dqlitepy._connection.spool.MEMORY_BYTES", 0)
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    con.execute("INSERT INTO t VALUES (1)")
    con.commit()
    read = 0
    with pytest.raises(dqlitepy.OperationalError, match="rest of this result was lost: there is no room .* TMPDIR"):
        for _ in rows:
            read += 1
    assert 0 < read < 5000
    with pytest.raises(dqlitepy.OperationalError, match="rest of this result was lost"):
        rows.fetchone()
    assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert rows.execute("SELECT 2").fetchone() == (2,)


def test_what_was_spooled_goes_with_the_cursor(con: dqlitepy.Connection) -> None:
    cursor = con.execute(SEVERAL_BATCHES)
    con.execute("SELECT 1")
    assert is_spooled(cursor)
    cursor.close()
    assert not is_spooled(cursor)


def test_a_spooled_block_may_be_small(con: dqlitepy.Connection) -> None:
    """The last one of a result is, and crosses on another way than large ones."""
    cursor = con.execute("SELECT zeroblob(300000) UNION ALL SELECT 1")
    con.execute("SELECT 2").fetchall()
    assert cursor.fetchall() == [(bytes(300_000),), (1,)]


def test_results_around_the_size_that_is_small(con: dqlitepy.Connection) -> None:
    for size in range(SMALL_SIZE - 100, SMALL_SIZE + 10):
        text = "x" * size
        assert con.execute("SELECT ?", (text,)).fetchall() == [(text,)]
