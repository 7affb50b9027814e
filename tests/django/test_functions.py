# SPDX-License-Identifier: Apache-2.0
"""Lookups and expressions for which Django adds functions to the SQLite of its process: the nodes have them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, StdDev, Value, Variance
from django.db.models.functions import (
    MD5,
    SHA1,
    SHA512,
    Cot,
    ExtractHour,
    ExtractIsoWeekDay,
    LPad,
    Now,
    Random,
    Repeat,
    Reverse,
    RPad,
    TruncDate,
    TruncDay,
    TruncMonth,
    TruncTime,
)

from tests.django.project.library.models import Author, Book

NOON = datetime(2026, 3, 29, 12, 0, 0, 250, tzinfo=UTC)  # the day on which Vienna's clocks go forward
MIDNIGHT = datetime(2026, 3, 28, 22, 59, tzinfo=UTC)  # a minute before, in Vienna


@pytest.fixture(autouse=True)
def _books(connection: Any) -> None:
    author = Author.objects.create(name="Ursula", born=date(1929, 10, 21))
    for number, moment in enumerate([MIDNIGHT, NOON], 1):
        Book.objects.create(
            author=author, title=f"Vol. {number}", pages=number * 100, published=moment, lent_for=timedelta(days=number)
        )


def titles(**lookup: Any) -> list[str]:
    return list(Book.objects.filter(**lookup).order_by("title").values_list("title", flat=True))


def values(expression: Any) -> list[Any]:
    return list(Book.objects.order_by("title").values_list(expression, flat=True))


def test_parts_of_dates() -> None:
    assert titles(published__date=date(2026, 3, 28)) == ["Vol. 1"]
    assert titles(published__hour=14) == ["Vol. 2"]
    assert titles(published__week_day=1, published__year=2026) == ["Vol. 2"]
    assert titles(author__born__year__lt=1930, author__born__quarter=4) == ["Vol. 1", "Vol. 2"]
    assert list(Author.objects.dates("born", "month")) == [date(1929, 10, 1)]


def test_time_zones() -> None:
    vienna, auckland = ZoneInfo("Europe/Vienna"), ZoneInfo("Pacific/Auckland")
    assert values(TruncDay("published")) == [datetime(2026, 3, day, tzinfo=vienna) for day in (28, 29)]
    assert values(TruncDate("published", tzinfo=auckland)) == [date(2026, 3, 29), date(2026, 3, 30)]
    assert values(TruncTime("published")) == [time(23, 59), time(14, 0, 0, 250)]
    assert values(ExtractHour("published", tzinfo=auckland)) == [11, 1]
    assert values(ExtractIsoWeekDay("published")) == [6, 7]
    months = Book.objects.annotate(month=TruncMonth("published", tzinfo=UTC)).values("month").annotate(n=Count("pk"))
    assert list(months) == [{"month": datetime(2026, 3, 1, tzinfo=UTC), "n": 2}]


def test_arithmetic_to_the_microsecond() -> None:
    back = ExpressionWrapper(F("published") + F("lent_for"), output_field=Book._meta.get_field("published"))
    assert values(back) == [MIDNIGHT + timedelta(days=1), NOON + timedelta(days=2)]
    since = ExpressionWrapper(F("published") - Value(MIDNIGHT), output_field=DurationField())
    assert values(since) == [timedelta(0), NOON - MIDNIGHT]
    assert titles(published__gt=Now() - timedelta(days=36500) + F("lent_for")) == ["Vol. 1", "Vol. 2"]
    assert titles(lent_for__gt=timedelta(days=1, microseconds=1)) == ["Vol. 2"]


def test_regular_expressions() -> None:
    assert titles(title__regex=r"^Vol\. [02-9]$") == ["Vol. 2"]
    assert titles(title__iregex=r"\bVOL\b") == ["Vol. 1", "Vol. 2"]
    assert titles(title__regex=r"(?P<d>\d)(?P=d)") == []


def test_texts_and_numbers() -> None:
    assert values(Reverse("title")) == ["1 .loV", "2 .loV"]
    assert values(LPad("title", 8, Value("ab"))) == ["abVol. 1", "abVol. 2"]
    assert values(RPad("title", 7, Value("-"))) == ["Vol. 1-", "Vol. 2-"]
    assert values(Repeat("title", 2))[0] == "Vol. 1Vol. 1"
    assert values(MD5(Value("a")))[0] == "0cc175b9c0f1b6a831c399e269772661"
    assert values(SHA1(Value("a")))[0] == "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
    assert values(SHA512(Value("a")))[0].startswith("1f40fc92da241694750979ee6cf582f2")
    assert values(Cot(Value(1.0)))[0] == pytest.approx(0.642092615934331)
    assert all(0 <= value < 1 for value in values(Random()))
    assert values(F("pages").bitxor(1)) == [101, 201]


def test_aggregates() -> None:
    class BitOr(Aggregate):
        function = "BIT_OR"

    found = Book.objects.aggregate(
        deviation=StdDev("pages"), sample=StdDev("pages", sample=True), variance=Variance("pages"), bits=BitOr("pages")
    )
    assert found == {"deviation": 50.0, "sample": pytest.approx(70.71067811865476), "variance": 2500.0, "bits": 236}
