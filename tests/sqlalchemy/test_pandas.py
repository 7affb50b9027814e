# SPDX-License-Identifier: Apache-2.0
"""pandas writes and reads frames."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from tests.sqlalchemy.engines import statements


@pytest.fixture
def frame() -> pd.DataFrame:
    """Returns a frame with a column of each kind."""
    return pd.DataFrame(
        {
            "number": np.arange(10, dtype="int64"),
            "part": [0.5 * n if n % 3 else np.nan for n in range(10)],
            "word": [f"w{n}" if n % 4 else None for n in range(10)],
            "yes": [n % 2 == 0 for n in range(10)],
            "at": pd.date_range("2026-01-01 12:00:00.123456", periods=10, freq="h"),
        }
    )


def test_there_and_back(engine: sa.Engine, frame: pd.DataFrame) -> None:
    assert frame.to_sql("t", engine, index=False) == 10
    back = pd.read_sql_table("t", engine)
    pd.testing.assert_frame_equal(back, frame, check_dtype=False)
    assert back["at"].dtype.kind == "M"
    assert back["yes"].dtype == bool
    assert back["number"].dtype == np.int64
    columns = {column["name"]: str(column["type"]) for column in sa.inspect(engine).get_columns("t")}
    assert columns == {"number": "BIGINT", "part": "FLOAT", "word": "TEXT", "yes": "BOOLEAN", "at": "DATETIME"}


def test_if_exists(engine: sa.Engine, frame: pd.DataFrame) -> None:
    frame.to_sql("t", engine)
    with pytest.raises(ValueError, match="already exists"):
        frame.to_sql("t", engine)
    frame.to_sql("t", engine, if_exists="append")
    assert len(pd.read_sql("t", engine)) == 20
    frame[:3].to_sql("t", engine, if_exists="replace", index_label="key")
    back = pd.read_sql("SELECT * FROM t WHERE number < :most", engine, index_col="key", params={"most": 2})
    assert list(back.index) == [0, 1]
    with engine.connect() as connection:
        assert [index["column_names"] for index in sa.inspect(connection).get_indexes("t")] == [["key"]]


def test_dtypes(engine: sa.Engine, frame: pd.DataFrame) -> None:
    frame.to_sql("t", engine, index=False, dtype={"number": sa.Float, "word": sa.String(5)})
    columns = {column["name"]: str(column["type"]) for column in sa.inspect(engine).get_columns("t")}
    assert (columns["number"], columns["word"]) == ("FLOAT", "VARCHAR(5)")
    back = pd.read_sql_query("SELECT number FROM t", engine, dtype={"number": "int8"})
    assert back["number"].dtype == np.int8


def test_zones(engine: sa.Engine) -> None:
    frame = pd.DataFrame({"at": pd.date_range("2026-07-01", periods=3, freq="D", tz="Europe/Berlin")})
    frame.to_sql("t", engine, index=False, dtype={"at": sa.DateTime(timezone=True)})
    back = pd.read_sql_table("t", engine)
    assert list(back["at"]) == list(frame["at"])
    with engine.connect() as connection:
        table = sa.Table("t", sa.MetaData(), sa.Column("at", sa.DateTime(timezone=True)))
        first = connection.scalars(sa.select(table.c.at)).first()
    assert first == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_zones_whose_offset_changes(engine: sa.Engine) -> None:
    """The table's type tells pandas of them, which otherwise makes NaT of each offset but the first."""
    frame = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=3, freq="90D", tz="Europe/Berlin")})
    assert frame["at"].iloc[0].utcoffset() != frame["at"].iloc[-1].utcoffset()
    frame.to_sql("t", engine, index=False)
    assert list(pd.read_sql_table("t", engine)["at"]) == list(frame["at"])


def test_parts(engine: sa.Engine) -> None:
    """Many rows go in few statements, and come back a part at a time."""
    frame = pd.DataFrame({"n": np.arange(20_000), "t": "text"})
    seen = statements(engine)
    frame.to_sql("t", engine, index=False, chunksize=5000)
    assert len([statement for statement in seen if statement.startswith("INSERT")]) == 4
    with engine.connect() as connection:
        streaming = connection.execution_options(stream_results=True)
        parts = list(pd.read_sql("SELECT n FROM t ORDER BY n", streaming, chunksize=6000))
    assert [len(part) for part in parts] == [6000, 6000, 6000, 2000]
    assert pd.concat(parts)["n"].tolist() == list(range(20_000))


def test_several_rows_a_statement(engine: sa.Engine, frame: pd.DataFrame) -> None:
    frame.to_sql("t", engine, index=False, method="multi")
    assert len(pd.read_sql("t", engine)) == 10


def test_a_transaction_of_the_program(engine: sa.Engine, frame: pd.DataFrame) -> None:
    with engine.connect() as connection:
        with connection.begin() as transaction:
            frame.to_sql("t", connection)
            transaction.rollback()
        assert not sa.inspect(connection).has_table("t")
        frame.to_sql("t", connection)
        connection.commit()
    assert len(pd.read_sql("SELECT * FROM t", engine)) == 10
