# SPDX-License-Identifier: Apache-2.0
"""Every type of SQLAlchemy: a value comes back as it went in, by column, by expression and as a literal in the text."""

from __future__ import annotations

import datetime as dt
import enum
import math
import uuid
from decimal import Decimal
from typing import Any

import dqlitepy
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from tests.sqlalchemy.engines import Database

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
PACIFIC = dt.timezone(dt.timedelta(hours=-8))
NESTED = {"a": [1, 2.5, None, True, {"ü": "\N{SNOWMAN} 'quoted' \"\\"}], "": {}, "big": 2**53}


class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


VALUES: dict[str, tuple[TypeEngine[Any], list[Any]]] = {
    "datetime": (
        sa.DateTime(),
        [dt.datetime(2026, 1, 2, 3, 4, 5, 678901), dt.datetime(2026, 1, 2), dt.datetime.min, dt.datetime.max],
    ),
    "datetime with zone": (
        sa.DateTime(timezone=True),
        [
            dt.datetime(2026, 1, 2, 3, 4, 5, 678901, dt.UTC),
            dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=INDIA),
            dt.datetime(1969, 12, 31, 23, 59, 59, 1, PACIFIC),
        ],
    ),
    "date": (sa.Date(), [dt.date(2026, 1, 2), dt.date.min, dt.date.max]),
    "time": (sa.Time(), [dt.time(1, 2, 3, 4), dt.time(1, 2), dt.time.min, dt.time.max]),
    "time with zone": (sa.Time(timezone=True), [dt.time(1, 2, 3, 4, INDIA), dt.time(23, 0, tzinfo=dt.UTC)]),
    "interval": (sa.Interval(), [dt.timedelta(), dt.timedelta(days=-1, microseconds=1), dt.timedelta(days=400)]),
    "boolean": (sa.Boolean(), [True, False]),
    "integer": (sa.Integer(), [0, -1, 2**31]),
    "big integer": (sa.BigInteger(), [-(2**63), 2**63 - 1]),
    "float": (sa.Float(), [0.1, 0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]),
    "double": (sa.Double(), [1 / 3, 2.0**60]),
    "numeric": (sa.Numeric(12, 2), [Decimal("0.10"), Decimal("-1234567890.12"), Decimal("0.00")]),
    "numeric without a scale": (sa.Numeric(), [Decimal("0.1"), Decimal("1e-10"), Decimal("123456789012345")]),
    "numeric integers": (sa.Numeric(19, 0), [Decimal(2**63 - 1), Decimal(-(2**63)), Decimal(10**18)]),
    "string": (sa.String(40), ["", "ß \N{SNOWMAN} \N{GRINNING FACE}", "it's", 'a "b" \\ %s %(x)s :x ? \n']),
    "text": (sa.Text(), ["x" * 100_000, "00123", "1e5"]),
    "unicode": (sa.Unicode(), ["日本語"]),
    "binary": (sa.LargeBinary(), [b"", b"\0\xff'", bytes(range(256)) * 1000]),
    "uuid": (sa.Uuid(), [uuid.UUID(int=0), uuid.UUID("12345678-1234-5678-1234-567812345678")]),
    "uuid as text": (sa.Uuid(as_uuid=False), ["12345678-1234-5678-1234-567812345678"]),
    "json": (sa.JSON(), [NESTED, [], {}, "text", 1, 1.5, 1.0, 10**30, True, [None], "1"]),
    "enum": (sa.Enum(Colour), list(Colour)),
    "enum of text": (sa.Enum("one", "it's", name="words"), ["one", "it's"]),
    "pickle": (sa.PickleType(), [{"a": {1, 2}}, b"x"]),
}
CASES = pytest.mark.parametrize("name", VALUES)


def same(one: Any, other: Any) -> bool:
    """Tells whether two values cannot be told apart."""
    if isinstance(one, dt.datetime | dt.time) and one.utcoffset() != other.utcoffset():
        return False
    return type(one) is type(other) and bool(one == other)


@CASES
def test_columns(database: Database, name: str) -> None:
    kind, values = VALUES[name]
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", kind))

    def work(connection: sa.Connection) -> list[Any]:
        table.create(connection)
        connection.execute(table.insert(), [{"x": value} for value in values])
        connection.execute(table.insert().values(x=sa.null()))
        return list(connection.scalars(sa.select(table.c.x).order_by(table.c.id)))

    *returned, null = database.run(work)
    assert null is None
    assert len(returned) == len(values)
    assert all(map(same, returned, values)), returned
    # What has been committed is found by a second connection, and by comparison with the value.
    if name not in ("json", "pickle"):
        found = [table.c.x == value for value in values]
        counts = database.run(
            lambda connection: [connection.scalar(sa.select(sa.func.count()).where(each)) for each in found]
        )
        assert counts == [sum(value == other for other in values) for value in values]


@CASES
def test_returning(database: Database, name: str) -> None:
    kind, values = VALUES[name]
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", kind))

    def work(connection: sa.Connection) -> list[Any]:
        table.create(connection)
        insert = table.insert().returning(table.c.x, sort_by_parameter_order=True)
        return list(connection.scalars(insert, [{"x": value} for value in values]))

    returned = database.run(work)
    assert len(returned) == len(values)
    assert all(map(same, returned, values)), returned


@CASES
def test_expressions(database: Database, name: str) -> None:
    """A parameter is no column: nothing is declared from which the driver could know the type."""
    kind, values = VALUES[name]
    query = sa.select(*(sa.literal(value, kind).label(f"v{number}") for number, value in enumerate(values)))
    returned = database.run(lambda connection: tuple(connection.execute(query).one()))
    assert len(returned) == len(values)
    assert all(map(same, returned, values)), returned


@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("binary", "pickle", "interval", "json")])
def test_literals(database: Database, name: str) -> None:
    kind, values = VALUES[name]
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", kind))
    inserts = [
        str(
            table.insert()
            .values(id=number, x=sa.literal(value, kind, literal_execute=True))
            .compile(dialect=database.engine.dialect, compile_kwargs={"literal_binds": True})
        )
        for number, value in enumerate(values)
        if value not in (math.inf, -math.inf)  # SQLAlchemy writes them as names of columns
    ]

    def work(connection: sa.Connection) -> list[Any]:
        table.create(connection)
        for insert in inserts:
            connection.exec_driver_sql(insert)
        return list(connection.scalars(sa.select(table.c.x).order_by(table.c.id)))

    returned = database.run(work)
    assert len(returned) == len(inserts)
    assert all(map(same, returned, values)), returned


def test_none_and_null_of_json_are_two_things(database: Database) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.JSON()),
        sa.Column("y", sa.JSON(none_as_null=True)),
    )

    def work(connection: sa.Connection) -> list[tuple[Any, ...]]:
        table.create(connection)
        connection.execute(table.insert(), {"id": 1, "x": None, "y": None})
        connection.execute(table.insert().values(id=2, x=sa.null(), y=sa.JSON.NULL))
        rows = sa.select(table, table.c.x.is_(None), table.c.y.is_(None)).order_by(table.c.id)
        return [tuple(row) for row in connection.execute(rows)]

    assert database.run(work) == [(1, None, None, 0, 1), (2, None, None, 1, 0)]


def test_json_of_sqlite_is_read(database: Database) -> None:
    """Tables that were made by SQLAlchemy's own SQLite dialect declare JSON, and so keep a number as a number."""

    def work(connection: sa.Connection) -> tuple[Any, Any]:
        connection.exec_driver_sql("CREATE TABLE t (x JSON)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('[1]'), ('2.5')")
        table = sa.Table("t", sa.MetaData(), autoload_with=connection)
        return type(table.c.x.type), list(connection.scalars(sa.select(table.c.x)))

    assert database.run(work) == (sqlite.JSON, [[1], 2.5])


def test_parts_of_json(database: Database) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.JSON()))
    x = table.c.x
    parts = [
        x["a"],
        x["a"][0].as_integer(),
        x["a"][1].as_float(),
        x["a"][3].as_boolean(),
        x[("a", 4, "ü")].as_string(),
        x["missing"],
        x["big"].as_integer(),
    ]

    def work(connection: sa.Connection) -> tuple[Any, ...]:
        table.create(connection)
        connection.execute(table.insert(), {"x": NESTED})
        return tuple(connection.execute(sa.select(*parts)).one())

    inner: Any = NESTED["a"]
    assert database.run(work) == (inner, 1, 2.5, True, inner[4]["ü"], None, 2**53)


_date: Any = sqlite.DATE  # which SQLAlchemy has not typed
_datetime: Any = sqlite.DATETIME


def test_dialect_types(database: Database) -> None:
    """The types of SQLAlchemy's SQLite dialect, with storage formats of their own, are those of dqlite too."""
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("d", _date(storage_format="%(year)04d%(month)02d%(day)02d", regexp=r"(\d{4})(\d\d)(\d\d)")),
        sa.Column("j", sqlite.JSON()),
    )

    def work(connection: sa.Connection) -> tuple[Any, ...]:
        table.create(connection)
        connection.execute(table.insert(), {"d": dt.date(2026, 1, 2), "j": [1]})
        raw = connection.exec_driver_sql("SELECT CAST(d AS TEXT) FROM t").scalar_one()
        return raw, *connection.execute(sa.select(table)).one()

    assert database.run(work) == ("20260102", dt.date(2026, 1, 2), [1])


def test_zones_are_found_again(database: Database) -> None:
    """What was made with a zone is one to those who reflect it."""
    kinds: dict[str, TypeEngine[Any]] = {
        "a": sa.DateTime(timezone=True),
        "b": sa.TIMESTAMP(timezone=True),
        "c": sa.Time(timezone=True),
        "d": sa.DateTime(),
        "e": sa.TIMESTAMP(),
        "f": sa.Time(),
    }
    table = sa.Table("t", sa.MetaData(), *(sa.Column(name, kind) for name, kind in kinds.items()))
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6, INDIA)
    values = {
        "a": moment,
        "b": moment,
        "c": moment.timetz(),
        "d": moment.replace(tzinfo=None),
        "e": moment.replace(tzinfo=None),
        "f": moment.time(),
    }

    def work(connection: sa.Connection) -> tuple[dict[str, bool], tuple[Any, ...]]:
        table.create(connection)
        connection.execute(table.insert(), values)
        found = sa.Table("t", sa.MetaData(), autoload_with=connection)
        zones = {column.name: getattr(column.type, "timezone", False) for column in found.c}
        return zones, tuple(connection.execute(sa.select(found)).one())

    zones, row = database.run(work)
    assert [name for name, zone in zones.items() if zone] == ["a", "b", "c"]
    assert row == tuple(values.values())
    assert [value.utcoffset() for value in row[:3]] == [moment.utcoffset()] * 3
    # A format of digits alone would be kept as a number.
    digits = _datetime(timezone=True, storage_format="%(year)04d", regexp=r"(\d{4})")
    assert digits.compile(dialect=database.engine.dialect) == "DATETIME_CHAR"


def test_what_a_column_cannot_hold_is_refused(database: Database) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("i", sa.BigInteger()),
        sa.Column("s", sa.Text()),
        sa.Column("c", sa.Enum(Colour, validate_strings=True)),
    )
    database.run(table.create)
    for values, error in (
        ({"i": 2**63}, OverflowError),
        ({"i": -(2**63) - 1}, OverflowError),
        ({"s": "a\0b"}, (ValueError, sa.exc.DBAPIError)),
        ({"s": "\udc00"}, UnicodeEncodeError),
        ({"c": "BLUE"}, sa.exc.StatementError),
    ):
        with pytest.raises(error):
            database.run(lambda connection, values=values: connection.execute(table.insert(), values))  # type: ignore[misc]
    assert database.run(lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(table))) == 0


def test_digits_are_never_transaction_lost(database: Database) -> None:
    """SQLite keeps a NUMERIC as an integer or float of 64 bits. What these cannot hold is refused, not rounded."""
    table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.Numeric(40, 10)))
    database.run(table.create)
    for text in (
        "12345678901234567890.1234567891",
        "1234567890123456.1234",
        "9223372036854775808",
        "-9223372036854775809",
    ):
        with pytest.raises(sa.exc.StatementError, match="has more digits than SQLite keeps"):
            database.run(
                lambda connection, text=text: connection.execute(table.insert(), {"x": Decimal(text)})  # type: ignore[misc]
            )
        # Nor is it where the number stands in the statement.
        literal = sa.literal(Decimal(text), sa.Numeric(40, 10), literal_execute=True)
        with pytest.raises(sa.exc.StatementError, match="Could not render literal value"):
            database.run(lambda connection, literal=literal: connection.execute(table.insert().values(x=literal)))  # type: ignore[misc]
    assert database.run(lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(table))) == 0


def test_nan(database: Database) -> None:
    """SQLite has none: a float becomes NULL, as with every driver, and a Decimal is exact or refused."""
    query = sa.select(sa.literal(math.nan, sa.Float()))
    assert database.run(lambda connection: connection.scalar(query)) is None
    exact = sa.select(sa.literal(Decimal("NaN"), sa.Numeric()))
    with pytest.raises(sa.exc.StatementError, match="SQLite has no NaN"):
        database.run(lambda connection: connection.scalar(exact))


def test_dates_that_are_none_are_told_of(database: Database) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("x", sa.DateTime()))

    def work(connection: sa.Connection) -> object:
        table.create(connection)
        connection.exec_driver_sql("INSERT INTO t VALUES ('tomorrow')")
        return connection.scalar(sa.select(table.c.x))

    with pytest.raises(ValueError, match="tomorrow"):
        database.run(work)


def test_current_time_is_a_datetime(database: Database) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(), server_default=sa.func.now()),
    )

    def work(connection: sa.Connection) -> tuple[Any, Any]:
        table.create(connection)
        at = connection.scalar(table.insert().returning(table.c.at))
        return at, connection.scalar(sa.select(sa.func.current_timestamp()))

    at, now = database.run(work)
    assert type(at) is type(now) is dt.datetime
    assert at <= now


def test_errors_are_wrapped(database: Database) -> None:
    with pytest.raises(sa.exc.OperationalError, match="no such table: nowhere") as caught:
        database.run(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))
    assert isinstance(caught.value.orig, dqlitepy.OperationalError)
    assert not caught.value.connection_invalidated
