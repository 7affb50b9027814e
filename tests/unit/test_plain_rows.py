# SPDX-License-Identifier: Apache-2.0
"""Rows of a list go the short way past binding where none of them needs it: the outcome is that of binding each."""

from __future__ import annotations

import array
import enum
import marshal
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from dqlitepy._sql import adapters
from dqlitepy._sql.batches import batches
from dqlitepy._sql.parameters import bind_all
from dqlitepy._sql.plain_rows import encode_plain
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


class Pair(NamedTuple):
    first: Any
    second: Any


class Colour(enum.IntEnum):
    RED = 7


class Name(str):
    __slots__ = ()


PLAIN = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(st.characters(exclude_characters="\0"))
VALUES = (
    PLAIN
    | st.binary()
    | st.booleans()
    | st.sampled_from(
        [
            2**63,
            -(2**63) - 1,
            10**30,
            "a\0b",
            "\ud800",
            "é",
            bytearray(b"mutable"),
            memoryview(b"abcdef")[::2],
            array.array("d", [1.5]),
            Colour.RED,
            Name("a kind of str"),
            Fraction(1, 3),
            (1, 2),
            object,
            ...,
        ]
    )
)
ROWS = st.lists(st.lists(PLAIN, max_size=3).map(tuple), max_size=40) | st.lists(
    st.lists(VALUES, max_size=2).flatmap(
        lambda values: st.sampled_from(
            [tuple(values), tuple(values), values, Pair(*[*values, None, None][:2]), dict.fromkeys("ab", 1), 5]
        )
    ),
    max_size=6,
)


def bound(rows: Iterable[Any]) -> Iterator[Any]:
    return bind_all(rows, lambda: ("a", "b"))


def outcome(found: Iterator[bytes]) -> tuple[list[Any], str]:
    """What is to be run, True as the 1 that it is in SQLite, and the failure behind it."""
    rows: list[Any] = []
    try:
        for batch in found:
            rows += marshal.loads(batch)
    except Exception as error:
        return rows, repr(error)
    return rows, ""


def as_numbers(rows: list[Any]) -> str:
    return repr([tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows])


@settings(derandomize=True, database=None, deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(ROWS)
def test_the_short_way_leads_where_binding_does(rows: list[Any]) -> None:
    short, its_failure = outcome(batches(rows, bound, encode_plain))
    each, failure = outcome(batches(iter(rows), bound))
    assert (as_numbers(short), its_failure) == (as_numbers(each), failure)


@pytest.mark.parametrize(
    "row",
    [(None, True, 1, 1.5, "é", b"\0"), (2**63 - 1, -(2**63)), (), ("",)],
)
def test_rows_that_need_no_binding_take_it(row: tuple[Any, ...]) -> None:
    assert encode_plain([row[:1], row]) == marshal.dumps([row[:1], row], 2)[5:]


def test_bytes_among_other_types_are_looked_at_one_by_one() -> None:
    assert encode_plain([(b"x", 1), (None, "y")]) is not None
    assert encode_plain([(b"x", 1), (bytearray(b"y"), 1)]) is None


@pytest.mark.parametrize("kind", [int, bool, bytes])
def test_none_takes_it_once_a_plain_type_has_an_adapter(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "adapters", dict(adapters.adapters))
    plain = set(adapters.plain_types)
    try:
        adapters.register_adapter(kind, str)
        assert encode_plain([("no value of that type",)]) is None
        assert outcome(batches([(kind(),)], bound, encode_plain)) == ([(str(kind()),)], "")
    finally:
        adapters.plain_types.update(plain)


def test_what_an_iterator_yields_is_read_before_it_goes_on() -> None:
    row = [0]
    buffer = bytearray(1)

    def rows() -> Iterator[Any]:
        for number in range(3):
            row[0] = buffer[0] = number
            yield row
            yield (buffer,)

    assert outcome(batches(rows(), bound, encode_plain))[0] == [(0,), (b"\0",), (1,), (b"\1",), (2,), (b"\2",)]
