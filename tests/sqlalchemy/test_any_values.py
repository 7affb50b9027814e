# SPDX-License-Identifier: Apache-2.0
"""Whatever value a type has, it comes back as it went in, or is refused."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.types import TypeEngine

from tests.sqlalchemy.engines import DRIVERS, Database, database_of, url_of

_EPOCH = dt.datetime(1970, 1, 1)
OFFSETS = st.timedeltas(dt.timedelta(hours=-23), dt.timedelta(hours=23)).map(
    lambda offset: dt.timezone(dt.timedelta(seconds=offset // dt.timedelta(seconds=1)))
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)

KINDS: dict[str, tuple[TypeEngine[Any], st.SearchStrategy[Any]]] = {
    "datetime": (sa.DateTime(), st.datetimes()),
    "datetime with zone": (sa.DateTime(timezone=True), st.datetimes(timezones=OFFSETS)),
    "date": (sa.Date(), st.dates()),
    "time": (sa.Time(), st.times()),
    "time with zone": (sa.Time(timezone=True), st.times(timezones=OFFSETS)),
    "interval": (sa.Interval(), st.timedeltas(dt.datetime.min - _EPOCH, dt.datetime.max - _EPOCH)),
    "integer": (sa.BigInteger(), st.integers(-(2**63), 2**63 - 1)),
    "float": (sa.Float(), st.floats(allow_nan=False)),
    "text": (sa.Text(), TEXTS),
    "binary": (sa.LargeBinary(), st.binary()),
    "uuid": (sa.Uuid(), st.uuids()),
    "json": (sa.JSON(), JSON),
    "numeric": (sa.Numeric(15, 4), st.decimals(-(10**11), 10**11, places=4)),
}
TABLE = sa.Table(
    "t",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, kind) for name, (kind, _) in KINDS.items()),
)


@pytest.fixture(scope="module", params=DRIVERS)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yields a database with a table that has a column of each type."""
    folder: Path = tmp_path_factory.mktemp("any")
    database = database_of(url_of(folder / "data", request.param))
    database.run(TABLE.create)
    yield database
    database.close()


@settings(derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(row=st.fixed_dictionaries({name: values for name, (_, values) in KINDS.items()}))
def test_round_trips(database: Database, row: dict[str, Any]) -> None:
    def work(connection: sa.Connection) -> tuple[Any, Any]:
        returned = connection.execute(TABLE.insert().returning(*list(TABLE.c)[1:]), row).one()
        selected = connection.execute(sa.select(*list(TABLE.c)[1:]).order_by(TABLE.c.id.desc()).limit(1)).one()
        connection.rollback()
        return returned._mapping, selected._mapping

    for answer in database.connected(work):
        assert dict(answer) == row
        assert {name: type(value) for name, value in answer.items()} == {
            name: type(value) for name, value in row.items()
        }
        for name in ("datetime with zone", "time with zone"):
            assert answer[name].utcoffset() == row[name].utcoffset()


@settings(
    derandomize=True, database=None, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
@given(number=st.decimals(allow_nan=False), scale=st.integers(0, 12))
def test_numbers_are_exact_or_refused(database: Database, number: Decimal, scale: int) -> None:
    kind = sa.Numeric(40, scale)
    try:
        returned = database.connected(lambda connection: connection.scalar(sa.select(sa.literal(number, kind))))
    except sa.exc.StatementError as error:
        assert isinstance(error.orig, ValueError)
        assert number.is_finite()
        assert len(number.as_tuple().digits) > 15 or abs(number) >= 10**15
        return
    assert returned is not None
    if number.is_finite():
        assert abs(returned - number) <= Decimal(1).scaleb(-scale) / 2
    else:
        assert returned == number
    assert not math.isnan(returned)
