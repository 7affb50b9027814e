# SPDX-License-Identifier: Apache-2.0
"""Types whose values come back as they were sent, where SQLite's own dialect of SQLAlchemy loses something.

Zones: that dialect drops them. Here a value with a zone is stored with its offset, in the form that SQLite's date
functions read: "2026-01-31 12:00:00.000000+01:00". Its column is declared as TIMESTAMP WITH TIME ZONE or TIME WITH TIME
ZONE, which have the affinity of the others, so that who reflects it knows: pandas made NaT of an offset that differed.

Decimals: SQLite keeps a NUMERIC as a 64-bit integer or float. What these cannot hold is refused, not rounded.

JSON: a column that is declared as JSON keeps a text that reads as a number as that number, so 1.0 came back as 1, and
an integer beyond 64 bits as a float. One declared as JSON_CHAR keeps the text; its name is made as those of
SQLAlchemy's DATE_CHAR and DATETIME_CHAR.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.engine import Dialect

JSON_AS_TEXT = "JSON_CHAR"
TIMESTAMP_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
TIME_WITH_ZONE = "TIME WITH TIME ZONE"

_Process = Callable[[Any], Any]

_INTEGERS = range(-(2**63), 2**63)
_ALL_DIGITS = Context(prec=1_000)  # more than a float has, written out


class DateTime(sqlite.DATETIME):
    """A text with date and time, and with the offset where the value has a zone."""

    def bind_processor(self, dialect: Dialect) -> _Process | None:
        without_zone = super().bind_processor(dialect)
        assert without_zone is not None
        if self._has_own_format():
            return without_zone

        def process(value: Any) -> Any:
            if not isinstance(value, datetime.datetime) or value.tzinfo is None:
                return without_zone(value)
            _refuse_unknown_offset(value)
            return value.isoformat(" ", "microseconds")

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> _Process | None:
        if self._has_own_format() or not self.timezone:
            return super().result_processor(dialect, coltype)

        def process(value: Any) -> Any:
            if value is None:
                return None
            moment = datetime.datetime.fromisoformat(value)
            # As SQLite understands it, and as CURRENT_TIMESTAMP writes it.
            return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment

        return process

    def _has_own_format(self) -> bool:
        return self._reg is not None or self._storage_format != sqlite.DATETIME._storage_format


class Time(sqlite.TIME):
    """A text with the time, and with the offset where the value has a zone."""

    def bind_processor(self, dialect: Dialect) -> _Process | None:
        without_zone: _Process = super().bind_processor(dialect)  # type: ignore[no-untyped-call]
        if self._reg is not None or self._storage_format != sqlite.TIME._storage_format:
            return without_zone

        def process(value: Any) -> Any:
            if not isinstance(value, datetime.time) or value.tzinfo is None:
                return without_zone(value)
            _refuse_unknown_offset(value)
            return value.isoformat("microseconds")

        return process


class TypeCompiler(SQLiteTypeCompiler):
    """Declares columns so that SQLite converts nothing that they are given, and reflection finds their types."""

    def visit_DATETIME(self, type_: Any, **kw: Any) -> str:
        return _with_zone(type_, super().visit_DATETIME(type_, **kw), TIMESTAMP_WITH_ZONE)  # type: ignore[no-untyped-call]

    def visit_TIMESTAMP(self, type_: Any, **kw: Any) -> str:
        return _with_zone(type_, super().visit_TIMESTAMP(type_, **kw), TIMESTAMP_WITH_ZONE)

    def visit_TIME(self, type_: Any, **kw: Any) -> str:
        return _with_zone(type_, super().visit_TIME(type_, **kw), TIME_WITH_ZONE)  # type: ignore[no-untyped-call]

    def visit_JSON(self, type_: Any, **kw: Any) -> str:
        return JSON_AS_TEXT


def _with_zone(type_: Any, without: str, with_zone: str) -> str:
    """Returns what to declare; a format of the program's own that has digits alone needs SQLAlchemy's "…_CHAR"."""
    return with_zone if type_.timezone and not without.endswith("_CHAR") else without


# What a column was made as, by what it is declared as.
DECLARED: dict[str, Callable[[], types.TypeEngine[Any]]] = {
    JSON_AS_TEXT: sqlite.JSON,
    TIMESTAMP_WITH_ZONE: lambda: types.TIMESTAMP(timezone=True),
    TIME_WITH_ZONE: lambda: types.TIME(timezone=True),
}


def _refuse_unknown_offset(value: datetime.datetime | datetime.time) -> None:
    if value.utcoffset() is None:
        raise ValueError(
            f"{value!r} cannot be stored: its zone has no offset without a date, and a zone is stored as its offset. "
            "Use a datetime, or a time with a fixed datetime.timezone"
        )


class Numeric(types.Numeric[Any]):
    """A NUMERIC whose Decimals are exact, or refused."""

    def bind_processor(self, dialect: Dialect) -> _Process | None:
        if not self.asdecimal:
            return lambda value: float(value) if isinstance(value, Decimal) else value
        scale = self._scale_of_results()
        return lambda value: _stored(value, scale) if isinstance(value, Decimal) else value

    def literal_processor(self, dialect: Dialect) -> _Process | None:
        bound = self.bind_processor(dialect)
        assert bound is not None

        def process(value: Any) -> str:
            bound(value)  # refuses what SQLite would round
            return str(value)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> _Process | None:
        if not self.asdecimal:
            return lambda value: value if value is None else float(value)
        scale = self._scale_of_results()

        def process(value: Any) -> Any:
            if value is None:
                return None
            number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            return _rounded(number, scale) if number.is_finite() else number

        return process

    def _scale_of_results(self) -> int | None:
        return self.scale if self.decimal_return_scale is None else self.decimal_return_scale


def _stored(value: Decimal, scale: int | None) -> int | float:
    """Returns the number that SQLite is to keep for a Decimal, which comes back with `scale` digits, None for all.

    Raises:
        ValueError: neither a 64-bit integer nor a float comes back as the same number.
    """
    if value.is_nan():
        raise ValueError("SQLite has no NaN and would store NULL: use None, or text in a String column")
    approximation = float(value)
    if not value.is_finite():
        return approximation
    if math.isfinite(approximation) and _rounded(Decimal(repr(approximation)), scale) == _rounded(value, scale):
        return approximation
    if value == value.to_integral_value() and int(value) in _INTEGERS:
        return int(value)
    raise ValueError(
        f"{value} has more digits than SQLite keeps in a NUMERIC column, which holds 64-bit integers and floats: "
        "round it, give the column a smaller scale, or store it as String"
    )


def _rounded(number: Decimal, scale: int | None) -> Decimal:
    return number if scale is None else number.quantize(Decimal(1).scaleb(-scale), context=_ALL_DIGITS)
