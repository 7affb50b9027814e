# SPDX-License-Identifier: Apache-2.0
"""`Row`, with `sqlite3.Row` as the oracle."""

from __future__ import annotations

import collections.abc
import sqlite3
from typing import Any

import dqlitepy
import pytest

from tests.support import outcome

QUERY = "SELECT 1 AS a, 'two' AS B, NULL AS a, 4.0 AS [É], 5 AS [x y], 6 AS [ü]"


class Described:
    """Stands in for a cursor."""

    def __init__(self, description: Any) -> None:
        self.description = description


@pytest.fixture
def rows() -> tuple[Any, Any]:
    """Returns the same row of both modules."""
    connection = sqlite3.connect(":memory:")
    cursor = connection.execute(QUERY)
    values = cursor.fetchone()
    both = sqlite3.Row(cursor, values), dqlitepy.Row(Described(cursor.description), values)
    connection.close()
    return both


NAMES = ["a", "A", "b", "B", "É", "é", "ü", "Ü", "x y", "X Y", "", "c"]
POSITIONS = [0, 4, -1, -5, 5, -6, 2**70, slice(1, 3), slice(None, None, -1), 1.0, None]


@pytest.mark.parametrize("key", NAMES + POSITIONS, ids=repr)
def test_item(rows: tuple[Any, Any], key: Any) -> None:
    theirs, ours = rows
    assert outcome(lambda: ours[key]) == outcome(lambda: theirs[key])


def test_the_rest_of_the_surface(rows: tuple[Any, Any]) -> None:
    theirs, ours = rows
    assert ours.keys() == theirs.keys()
    assert len(ours) == len(theirs)
    assert list(ours) == list(theirs)
    assert tuple(ours) == tuple(theirs)
    assert dict(ours) == dict(theirs)
    assert list(reversed(ours)) == list(reversed(theirs))
    assert ("two" in ours) == ("two" in theirs)
    assert isinstance(ours, collections.abc.Sequence)
    assert not isinstance(ours, tuple)


def test_equality_and_hash() -> None:
    description = (("a", *[None] * 6),)
    one, same = (dqlitepy.Row(Described(description), (1,)) for _ in range(2))
    other_value = dqlitepy.Row(Described(description), (2,))
    other_name = dqlitepy.Row(Described((("b", *[None] * 6),)), (1,))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other_value
    assert one != other_name
    assert one != (1,)


@pytest.mark.parametrize("arguments", [(1, ()), (Described(None), []), (None, (1,))])
def test_arguments_of_other_types(arguments: Any) -> None:
    with pytest.raises(TypeError, match=r"^Row\(\) argument [12] must be"):
        dqlitepy.Row(*arguments)


def test_repr_shows_names_and_values() -> None:
    assert repr(dqlitepy.Row(Described((("a", *[None] * 6),)), ("x",))) == "<dqlitepy.Row(a='x')>"
