# SPDX-License-Identifier: Apache-2.0
"""pandas reads from a connection; //tests/sqlalchemy has frames that an engine writes and reads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import dqlitepy
import pandas as pd  # type: ignore[import-untyped]
import pytest


@pytest.mark.filterwarnings("ignore:pandas only supports SQLAlchemy:UserWarning")
def test_reading(tmp_path: Path) -> None:
    with closing(dqlitepy.connect(tmp_path / "data")) as con:
        con.execute("CREATE TABLE t (a INTEGER, b TEXT, c REAL)")
        con.executemany("INSERT INTO t VALUES (?, ?, ?)", [(n, f"x{n}", n / 2) for n in range(1000)])
        frame = pd.read_sql("SELECT * FROM t WHERE a >= ?", con, params=(500,), index_col="a")
        assert (frame.shape, frame["c"].sum()) == ((500, 2), sum(n / 2 for n in range(500, 1000)))
        parts = list(pd.read_sql_query("SELECT * FROM t", con, chunksize=300))
        assert [len(part) for part in parts] == [300, 300, 300, 100]
        frame = pd.DataFrame({"a": [1, 2], "b": ["é", None]})
        con.executemany("INSERT INTO t (a, b) VALUES (?, ?)", frame.itertuples(index=False))
        assert con.execute("SELECT count(*) FROM t WHERE b IS NULL OR b = 'é'").fetchone() == (2,)
