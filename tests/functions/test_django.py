# SPDX-License-Identifier: Apache-2.0
"""Django's functions: the same results as those of its backend for SQLite, on generated arguments."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from typing import Any

import dqlitepy
import pytest

# Django has no types.
_functions: Any = import_module("django.db.backends.sqlite3._functions")

CASES = 600
Arguments = tuple[Any, ...]
FAILED = "failed"

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Port-au-Prince"),
    *("Etc/GMT-5", "Etc/GMT+10", "Pacific/Apia", "Asia/Pyongyang", "Nowhere/Land", "", None, None, None),
]
OFFSETS = ["+01:30", "-5:00", "+0530", "-10", "+25:00", "-00:00", "+1:2:3", "+x", "-"]
PARTS = [
    *("year", "quarter", "month", "week", "day", "hour", "minute", "second", "microsecond"),
    *("week_day", "iso_week_day", "iso_year", "bogus", "Year", None, 3),
]
YEARS = [1, 2, 999, 1883, 1900, 1916, 1969, 1970, 2000, 2011, 2024, 2037, 2038, 2100, 9998, 9999]
ODD = ["abc", "1-2 3", "a b", "x-1 1:1:1", "1-1 1:1", "2020-01-01 10:20", "2020_1-1-1 1:1:1", "x"]
NUMBERS = [0, 1, -1, 5, 2.5, -0.5, 10**15, 2**62, 2**63 - 1, -(2**63), 1e300, 1e-300, 86400000000, -86400000000, None]
TEXTS = ["a", "abc", "häß€𝄞", "x" * 50, "a b", "\u0301e", None]
LENGTHS = [0, 1, 3, 5, 20, -1, -2, -100, None]
INTEGERS = [0, 1, -1, 2**62, -(2**63), None]


class Generator:
    """Makes arguments, the same for the same name."""

    def __init__(self, name: str) -> None:
        self.chance = random.Random(name)
        self.pick = self.chance.choice

    def zone(self) -> Any:
        name = self.pick(ZONES)
        return name + self.pick(OFFSETS) if name and self.chance.random() < 0.3 else name

    def two(self, highest: int) -> str:
        return f"{self.pick([0, 1, 2, 3, highest - 1, self.chance.randint(0, highest)]):02d}"

    def time(self) -> str:
        fraction = self.pick(["", "", ".0", ".1", ".000001", ".123456", ".1234567", ".x", "."])
        return f"{self.two(24)}:{self.two(60)}:{self.two(60)}{fraction}"

    def stamp(self) -> Any:
        kind = self.chance.random()
        if kind < 0.05:
            return self.pick([None, 5, -1, 1.5, b"ab", b"x y", *ODD])
        date = f"{self.pick(YEARS):04d}-{self.chance.randint(1, 12):02d}-{self.chance.randint(1, 31):02d}"
        if kind < 0.15:
            return date
        zone = self.pick(["", "", "", "", "+00:00", "-05", "+05:30", "Z"])
        return date + self.pick([" ", " ", " ", " ", "T", "  ", "\t"]) + self.time() + zone

    def moment(self) -> Any:
        return self.stamp() if self.chance.random() < 0.2 else self.time()

    def term(self) -> Any:
        return self.stamp() if self.chance.random() < 0.5 else self.number()

    def number(self) -> Any:
        return self.pick([*NUMBERS, self.chance.randint(-(10**13), 10**13), self.chance.uniform(-1e6, 1e6)])


MAKERS: dict[str, Callable[[Generator], Arguments]] = {
    "django_date_extract": lambda g: (g.pick(PARTS), g.stamp()),
    "django_date_trunc": lambda g: (g.pick(PARTS), g.stamp(), g.zone(), g.zone()),
    "django_datetime_cast_date": lambda g: (g.stamp(), g.zone(), g.zone()),
    "django_datetime_cast_time": lambda g: (g.stamp(), g.zone(), g.zone()),
    "django_datetime_extract": lambda g: (g.pick(PARTS), g.stamp(), g.zone(), g.zone()),
    "django_datetime_trunc": lambda g: (g.pick(PARTS), g.stamp(), g.zone(), g.zone()),
    "django_time_extract": lambda g: (g.pick(PARTS), g.moment()),
    "django_time_trunc": lambda g: (g.pick(PARTS), g.moment(), g.zone(), g.zone()),
    "django_time_diff": lambda g: (g.moment(), g.moment()),
    "django_timestamp_diff": lambda g: (g.stamp(), g.stamp()),
    "django_format_dtdelta": lambda g: (g.pick(["+", "-", " + ", None]), g.term(), g.term()),
    " django_format_dtdelta": lambda g: (g.pick(["*", "/", " * "]), g.number(), g.number()),
    "LPAD": lambda g: (g.pick(TEXTS), g.pick(LENGTHS), g.pick(TEXTS)),
    "RPAD": lambda g: (g.pick(TEXTS), g.pick(LENGTHS), g.pick(TEXTS)),
    "REPEAT": lambda g: (g.pick(TEXTS), g.pick(LENGTHS)),
    "REVERSE": lambda g: (g.pick(TEXTS),),
    "MD5": lambda g: (g.pick(TEXTS),),
    "SHA1": lambda g: (g.pick(TEXTS),),
    "SHA224": lambda g: (g.pick(TEXTS),),
    "SHA256": lambda g: (g.pick(TEXTS),),
    "SHA384": lambda g: (g.pick(TEXTS),),
    "SHA512": lambda g: (g.pick(TEXTS),),
    "BITXOR": lambda g: (g.pick(INTEGERS), g.pick([*INTEGERS, 2.5])),
    "COT": lambda g: (g.pick([0, 1, -1, 0.5, 1e6, 1e300, None, g.chance.uniform(-10, 10)]),),
    "SIGN": lambda g: (g.pick([0, 1, -1, 0.5, -1e300, None]),),
}
AGGREGATES = ["STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP", "BIT_AND", "BIT_OR", "BIT_XOR", "ANY_VALUE"]


@pytest.fixture
def theirs() -> Iterator[sqlite3.Connection]:
    """Yields a connection of sqlite3 with Django's functions in Python."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _functions.register(connection)
        yield connection


def answer(con: Any, sql: str, arguments: Arguments) -> Any:
    """Returns the type of the result and the result; FAILED if there is none."""
    try:
        return con.execute(f"SELECT typeof(x), x FROM ({sql})", arguments).fetchone()
    except (sqlite3.Error, dqlitepy.Error):
        return FAILED


@pytest.mark.parametrize("name", MAKERS)
def test_results_are_those_of_django(con: dqlitepy.Connection, theirs: sqlite3.Connection, name: str) -> None:
    generator = Generator(name)
    differences = []
    results = set()
    for _ in range(CASES):
        arguments = MAKERS[name](generator)
        sql = f"SELECT {name}({', '.join('?' * len(arguments))}) AS x"
        expected, got = answer(theirs, sql, arguments), answer(con, sql, arguments)
        results.add(expected)
        if got != expected:
            differences.append((arguments, expected, got))
    assert not differences
    assert len(results) > 3  # it was no contest of errors


@pytest.mark.parametrize("name", AGGREGATES)
def test_aggregates_are_those_of_django(con: dqlitepy.Connection, theirs: sqlite3.Connection, name: str) -> None:
    chance = random.Random(name)
    for number in range(CASES // 3):
        if name.startswith("BIT") or number % 2:
            values: list[Any] = [chance.randint(-(10**6), 10**6) for _ in range(chance.choice([0, 1, 2, 3, 20]))]
        else:
            values = [
                chance.choice([chance.uniform(-1, 1) * 10.0 ** chance.randint(-300, 150), 0.1, 5e-324, 3])
                for _ in range(chance.choice([0, 1, 2, 3, 20]))
            ]
        sql = f"SELECT {name}(v) AS x FROM (SELECT 0 AS v WHERE 0{' UNION ALL SELECT ?' * len(values)})"
        expected = answer(theirs, sql, tuple(values))
        if expected == FAILED:  # of a single one, as a sample
            expected = ("null", None)
        assert answer(con, sql, tuple(values)) == expected, values


def test_all_of_djangos_functions_are_here(con: dqlitepy.Connection) -> None:
    class Recorder:
        """Takes what Django registers."""

        def __init__(self) -> None:
            self.names: set[tuple[str, int]] = set()

        def create_function(self, name: str, count: int, call: Any, **_: Any) -> None:
            self.names.add((name.lower(), count))

        create_aggregate = create_function

        def execute(self, sql: str) -> Any:
            return con.execute(sql)

    recorder = Recorder()
    _functions.register(recorder)
    listed = {(name, count) for name, _, _, _, count, _ in con.execute("PRAGMA function_list")}
    assert len(recorder.names) > 30
    assert recorder.names <= listed
