# SPDX-License-Identifier: Apache-2.0
"""peewee on `dqlitepy.contrib.peewee`: models, transactions, dates, errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import dqlitepy
import peewee
import pytest
from dqlitepy.contrib.peewee import DqliteDatabase

from tests.support import free_address

database = DqliteDatabase(None)


class Note(peewee.Model):
    """A row with a column of each kind."""

    title = peewee.CharField(unique=True)
    at = peewee.DateTimeField(null=True)
    price = peewee.DecimalField(null=True)

    class Meta:
        """Where it is kept."""

        database = database


class Reply(peewee.Model):
    note = peewee.ForeignKeyField(Note, backref="replies", on_delete="CASCADE")

    class Meta:
        """Where it is kept."""

        database = database


@pytest.fixture(params=["directory", "node"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DqliteDatabase]:
    """Yields the database of the models, with their tables, in a directory and on a node."""
    with ExitStack() as opened:
        where: object = tmp_path / "data"
        if request.param == "node":
            where = node = opened.enter_context(dqlitepy.Node(tmp_path / "data", address=free_address(), bare=True))
            node.wait_ready()
        database.init(where, pragmas={"journal_mode": "wal", "foreign_keys": 1, "cache_size": -4000})
        database.connect()
        opened.callback(database.close)
        database.create_tables([Note, Reply])
        yield database


def test_models(opened: DqliteDatabase) -> None:
    note = Note.create(title="a", at=datetime(2026, 11, 30, 12, 34, 56, 789), price=Decimal("1.50"))
    assert note.id == 1
    Note.insert_many([{"title": "b"}, {"title": "c"}]).execute()
    read = Note.get(Note.title == "a")
    assert (read.at, read.price) == (datetime(2026, 11, 30, 12, 34, 56, 789), Decimal("1.5"))
    assert Note.insert(title="a").on_conflict(conflict_target=[Note.title], update={Note.price: 3}).execute()
    assert Note.update(price=4).where(Note.title == "a").execute() == 1
    assert Note.select().where(Note.title.contains("A")).count() == 1
    Reply.create(note=note)
    assert note.delete_instance() == 1
    assert Reply.select().count() == 0
    assert [note.title for note in Note.select().order_by(Note.title)] == ["b", "c"]


def test_transactions(opened: DqliteDatabase) -> None:
    with opened.atomic():
        Note.create(title="kept")
        with opened.atomic() as savepoint:
            Note.create(title="taken back")
            savepoint.rollback()
    with pytest.raises(LookupError), opened.atomic():
        Note.create(title="lost")
        raise LookupError
    assert [note.title for note in Note.select()] == ["kept"]


@pytest.mark.parametrize(
    ("part", "number", "truncated"),
    [
        ("year", 2026, datetime(2026, 1, 1)),
        ("month", 11, datetime(2026, 11, 1)),
        ("day", 30, datetime(2026, 11, 30)),
        ("hour", 12, datetime(2026, 11, 30, 12)),
        ("minute", 34, datetime(2026, 11, 30, 12, 34)),
        ("second", 56, datetime(2026, 11, 30, 12, 34, 56)),
    ],
)
def test_parts_of_dates(opened: DqliteDatabase, part: str, number: int, truncated: datetime) -> None:
    """These are functions in Python with sqlite3."""
    Note.create(title="a", at=datetime(2026, 11, 30, 12, 34, 56, 789))
    Note.create(title="without")
    query = Note.select(getattr(Note.at, part), Note.at.truncate(part)).order_by(Note.title).tuples()
    assert list(query) == [(number, truncated), (None, None)]


def test_errors(opened: DqliteDatabase) -> None:
    Note.create(title="a")
    with pytest.raises(peewee.IntegrityError, match=r"UNIQUE constraint failed: note\.title") as caught:
        Note.create(title="a")
    assert isinstance(caught.value.__context__, dqlitepy.IntegrityError)
    with pytest.raises(dqlitepy.NotSupportedError, match=r"^create_function\(\) is not supported"):
        opened.register_function(str.upper, "shout", 1)
    opened.unregister_function("shout")


def test_reflection(opened: DqliteDatabase) -> None:
    assert opened.get_tables() == ["note", "reply"]
    assert [column.name for column in opened.get_columns("note")] == ["id", "title", "at", "price"]
    assert [index.unique for index in opened.get_indexes("note")] == [True]
    assert [key.dest_table for key in opened.get_foreign_keys("reply")] == ["note"]
