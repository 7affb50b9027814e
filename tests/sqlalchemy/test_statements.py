# SPDX-License-Identifier: Apache-2.0
"""RETURNING, upserts, many rows at once and what else SQLite's dialect knows."""

from __future__ import annotations

import uuid
from typing import Any

import dqlitepy
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from tests.sqlalchemy.engines import Database, statements

METADATA = sa.MetaData()
WORDS = sa.Table(
    "words",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("word", sa.String(20), unique=True),
    sa.Column("seen", sa.Integer, nullable=False, server_default="1"),
)


@pytest.fixture(autouse=True)
def _tables(database: Database) -> None:
    database.run(METADATA.create_all)


def rows(database: Database) -> list[tuple[Any, ...]]:
    query = sa.select(WORDS).order_by(WORDS.c.id)
    return database.connected(lambda connection: [tuple(row) for row in connection.execute(query)])


def test_returning(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        inserted = connection.execute(WORDS.insert().values(word="a").returning(WORDS)).one()
        updated = connection.execute(
            WORDS.update().values(seen=WORDS.c.seen + 1).returning(WORDS.c.id, WORDS.c.seen)
        ).all()
        deleted = connection.execute(WORDS.delete().where(WORDS.c.seen == 2).returning(WORDS.c.word)).scalars().all()
        return [tuple(inserted), [tuple(row) for row in updated], deleted]

    assert database.run(work) == [(1, "a", 1), [(1, 2)], ["a"]]
    assert rows(database) == []


def test_a_write_counts_even_when_nobody_fetches_what_it_returns(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(WORDS.insert().values([{"word": str(n)} for n in range(300)]).returning(WORDS.c.id)).close()

    database.run(work)
    assert len(rows(database)) == 300


def test_primary_keys_and_counts(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        first = connection.execute(WORDS.insert().values(word="a"))
        connection.execute(WORDS.insert(), [{"word": "b"}, {"word": "c"}])
        changed = connection.execute(WORDS.update().where(WORDS.c.id > 1).values(seen=7))
        gone = connection.execute(WORDS.delete().where(WORDS.c.word == "none"))
        return [first.inserted_primary_key, first.lastrowid, changed.rowcount, gone.rowcount]

    assert database.run(work) == [(1,), 1, 2, 0]


def test_update_and_delete_by_other_tables(database: Database) -> None:
    other = sa.Table("other", METADATA, sa.Column("word", sa.String(20)), extend_existing=True)

    def work(connection: sa.Connection) -> None:
        other.create(connection)
        connection.execute(WORDS.insert(), [{"word": "a"}, {"word": "b"}])
        connection.execute(other.insert(), {"word": "b"})
        connection.execute(WORDS.update().where(WORDS.c.word == other.c.word).values(seen=5))
        assert connection.scalars(sa.select(WORDS.c.seen).order_by(WORDS.c.id)).all() == [1, 5]
        gone = sa.select(other.c.word).cte("gone")
        connection.execute(WORDS.delete().where(WORDS.c.word.in_(sa.select(gone.c.word))))

    try:
        database.run(work)
    finally:
        METADATA.remove(other)
    assert rows(database) == [(1, "a", 1)]


def test_upserts(database: Database) -> None:
    def count(connection: sa.Connection, *words: str) -> list[tuple[Any, ...]]:
        new = insert(WORDS)
        upsert = new.on_conflict_do_update(
            index_elements=[WORDS.c.word],
            set_={"seen": WORDS.c.seen + new.excluded.seen},
            where=WORDS.c.seen < 4,
        ).returning(WORDS.c.word, WORDS.c.seen)
        return [tuple(row) for row in connection.execute(upsert, [{"word": word, "seen": 1} for word in words])]

    assert database.run(lambda connection: count(connection, "a", "b")) == [("a", 1), ("b", 1)]
    assert database.run(lambda connection: count(connection, "a", "a")) == [("a", 2), ("a", 3)]
    assert database.run(lambda connection: count(connection, "a", "a", "c")) == [("a", 4), ("c", 1)]
    ignored = insert(WORDS).values([{"word": "a"}, {"word": "d"}]).on_conflict_do_nothing().returning(WORDS.c.word)
    assert database.run(lambda connection: connection.scalars(ignored).all()) == ["d"]
    assert [row[1:] for row in rows(database)] == [("a", 4), ("b", 1), ("c", 1), ("d", 1)]


def test_many_rows_with_returning_come_in_the_order_of_the_parameters(database: Database) -> None:
    many = [{"word": f"{(n * 7919) % 5000:05}"} for n in range(5000)]
    insert = WORDS.insert().returning(WORDS.c.id, WORDS.c.word, sort_by_parameter_order=True)
    returned = database.run(lambda connection: connection.execute(insert, many).all())
    assert [row.word for row in returned] == [row["word"] for row in many]
    assert [row.id for row in returned] == sorted(row.id for row in returned)
    assert len(rows(database)) == 5000


def test_many_rows_with_keys_made_by_the_program(database: Database) -> None:
    keyed = sa.Table("keyed", sa.MetaData(), sa.Column("key", sa.Uuid, primary_key=True), sa.Column("n", sa.Integer))
    keys = [uuid.uuid4() for _ in range(1500)]
    seen = statements(database.engine)

    def work(connection: sa.Connection) -> list[Any]:
        keyed.create(connection)
        insert = keyed.insert().returning(keyed.c.key, keyed.c.n, sort_by_parameter_order=True)
        return list(connection.execute(insert, [{"key": key, "n": n} for n, key in enumerate(keys)]))

    assert [tuple(row) for row in database.run(work)] == [(key, n) for n, key in enumerate(keys)]
    # Some statements with many rows each, not one for each row.
    assert len([statement for statement in seen if statement.startswith("INSERT")]) <= 5


def test_one_bad_row_among_many(database: Database) -> None:
    """The statement fails as a whole and leaves nothing, whether its rows are returned or not."""
    bad = [{"word": str(n % 999)} for n in range(1000)]
    for add in (WORDS.insert(), WORDS.insert().returning(WORDS.c.id)):
        with pytest.raises(sa.exc.IntegrityError, match=r"UNIQUE constraint failed: words\.word") as caught:
            database.run(lambda connection, add=add: connection.execute(add, bad))  # type: ignore[misc]
        assert isinstance(caught.value.orig, dqlitepy.IntegrityError)
        assert caught.value.orig.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE"
        assert rows(database) == []


def test_names_that_need_quotes(database: Database) -> None:
    table = sa.Table(
        'a "table"; %s',
        sa.MetaData(),
        sa.Column("select", sa.Integer, primary_key=True),
        sa.Column("a:b %(x)s?", sa.Text),
    )

    def work(connection: sa.Connection) -> list[tuple[Any, ...]]:
        table.create(connection)
        connection.execute(table.insert(), [{"select": 1, "a:b %(x)s?": "one"}, {"select": 2, "a:b %(x)s?": "two"}])
        query = sa.select(table).where(table.c["a:b %(x)s?"] == "two")
        return [tuple(row) for row in connection.execute(query)]

    assert database.run(work) == [(2, "two")]


def test_text_with_named_parameters(database: Database) -> None:
    query = sa.text(r"SELECT :a || '\:b' || :c || '?', :a").bindparams(a="x")
    assert database.run(lambda connection: tuple(connection.execute(query, {"c": "y"}).one())) == ("x:by?", "x")


def test_driver_sql(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        connection.exec_driver_sql("INSERT INTO words (word) VALUES (?)", [("a",), ("b",)])
        named = connection.exec_driver_sql("SELECT word FROM words WHERE id = :id", {"id": 2}).scalar_one()
        return [named, connection.exec_driver_sql("SELECT count(*) FROM words").scalar_one()]

    assert database.run(work) == ["b", 2]


def test_a_list_longer_than_a_statement_takes_parameters(database: Database) -> None:
    """SQLite's limit is told of, and what stays below it works."""
    numbers = list(range(32766))
    query = sa.select(sa.func.count()).select_from(WORDS).where(WORDS.c.id.in_(numbers))
    assert database.run(lambda connection: connection.scalar(query)) == 0
    query = sa.select(WORDS).where(WORDS.c.id.in_([*numbers, 1]))
    with pytest.raises(sa.exc.OperationalError, match="too many SQL variables"):
        database.run(lambda connection: connection.execute(query))


def test_windows_and_recursion(database: Database) -> None:
    numbers = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.n + 1).where(numbers.c.n < 5))
    total = sa.func.sum(numbers.c.n).over(order_by=numbers.c.n)
    rows = database.run(lambda connection: connection.execute(sa.select(numbers.c.n, total)).all())
    assert [tuple(row) for row in rows] == [(1, 1), (2, 3), (3, 6), (4, 10), (5, 15)]


def test_regular_expressions(database: Database) -> None:
    """The leader has a function for them, which SQLAlchemy calls by an operator."""
    matches = sa.literal("kafé").regexp_match(r"^k.f\w$")
    assert database.run(lambda connection: connection.scalar(sa.select(matches)))
    assert not database.run(lambda connection: connection.scalar(sa.select(sa.literal("b").regexp_match("a.*"))))
