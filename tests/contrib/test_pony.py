# SPDX-License-Identifier: Apache-2.0
"""Pony on `dqlitepy.contrib.pony`: entities, queries, errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy.contrib.pony import DqliteProvider
from pony import orm


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Any]:
    """Yields a database with one entity."""
    database = orm.Database()

    class Person(database.Entity):  # type: ignore[name-defined]
        name = orm.Required(str, unique=True)
        age = orm.Optional(int)
        at = orm.Optional(datetime)
        price = orm.Optional(Decimal)
        friends = orm.Set("Person", reverse="friends")

    database.bind(provider=DqliteProvider, filename=tmp_path / "data")
    database.generate_mapping(create_tables=True)
    with orm.db_session:
        ann = Person(name="Ann", age=3, at=datetime(2026, 11, 30, 12, 34, 56, 789), price=Decimal("1.25"))
        ann.friends.add(Person(name="Bob", age=5))
    yield database
    database.disconnect()


def test_entities(database: Any) -> None:
    with orm.db_session:
        ann = database.Person.get(name="Ann")
        assert (ann.at, ann.price) == (datetime(2026, 11, 30, 12, 34, 56, 789), Decimal("1.25"))
        assert [friend.name for friend in ann.friends] == ["Bob"]
        ann.age = 4
        database.Person(name="Cid")
        orm.rollback()
        database.Person.get(name="Bob").age = 6
    with orm.db_session:
        assert [(person.name, person.age) for person in database.Person.select().order_by(lambda p: p.name)] == [
            ("Ann", 3),
            ("Bob", 6),
        ]


def test_queries(database: Any) -> None:
    with orm.db_session:
        people = database.Person
        assert people.select(lambda p: p.name.upper() == "ANN").count() == 1
        assert people.select(lambda p: p.name.lower() == "bob").count() == 1
        assert people.select(lambda p: p.name.startswith("a")).count() == 0  # LIKE that sees the case, as Pony sets it
        assert people.select(lambda p: p.at.year == 2026).count() == 1
        assert orm.avg(p.age for p in people) == 4.0
        assert len(people.select().random(2)) == 2


def test_random_numbers(database: Any) -> None:
    with orm.db_session:
        numbers = [database.get("(random() / 18446744073709551616.0 + 0.5)") for _ in range(100)]
    assert 0 <= min(numbers) < max(numbers) <= 1


def test_errors(database: Any) -> None:
    with pytest.raises(orm.TransactionIntegrityError, match=r"UNIQUE constraint failed: Person\.name"), orm.db_session:
        database.Person(name="Ann")
    with pytest.raises(dqlitepy.NotSupportedError, match="^':sharedmemory:' is not supported"):
        orm.Database().bind(provider=DqliteProvider, filename=":sharedmemory:")
