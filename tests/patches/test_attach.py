# SPDX-License-Identifier: Apache-2.0
"""ATTACH takes no database of dqlite's, however its name is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

# SQLite tells the authorizer the name only if it is a literal.
STATEMENTS = [
    ("ATTACH 'other' AS x", ()),
    ("ATTACH ? AS x", ("other",)),
    ("ATTACH ? AS x", ("main",)),
    ("ATTACH ? AS x", ("fresh",)),
    ("ATTACH ? AS x", (b"other",)),
    ("ATTACH ? AS x", ("",)),
    ("ATTACH 'oth' || 'er' AS x", ()),
    ("ATTACH x'6f74686572' AS x", ()),
    ("ATTACH (SELECT 'other') AS x", ()),
    ("ATTACH lower('OTHER') AS x", ()),
    ("ATTACH NULL AS x", ()),
]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[dqlitepy.Connection]:
    with closing(dqlitepy.connect(tmp_path, name="other", isolation_level=None)) as other:
        other.execute("CREATE TABLE u (n)")
    with closing(dqlitepy.connect(tmp_path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n)")
        yield connection


@pytest.mark.parametrize(("sql", "parameters"), STATEMENTS)
def test_a_database_cannot_be_attached(con: dqlitepy.Connection, sql: str, parameters: tuple[object, ...]) -> None:
    con.execute("BEGIN")
    con.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dqlitepy.DatabaseError, match="not authorized"):
        con.execute(sql, parameters)
    con.execute("COMMIT")
    assert con.execute("SELECT n FROM t").fetchall() == [(1,)]
    assert [row[1] for row in con.execute("PRAGMA database_list")] == ["main"]


def test_what_sqlite_attaches_itself(con: dqlitepy.Connection) -> None:
    con.execute("VACUUM")
    con.execute("ATTACH '' AS scratch")
    con.execute("CREATE TABLE scratch.s (n)")
    assert con.execute("SELECT count(*) FROM scratch.s").fetchone() == (0,)
