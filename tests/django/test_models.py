# SPDX-License-Identifier: Apache-2.0
"""Models: values come back as they were stored, and errors say what happened."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import dqlitepy
import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, OperationalError, models
from django.db import connection as current
from django.test.utils import CaptureQueriesContext, isolate_apps

from tests.django.databases import database
from tests.django.project.library.models import Author, Book


def test_values_come_back(connection: Any) -> None:
    moment = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
    author = Author.objects.create(name="Ursula", born=date(1929, 10, 21))
    values = {
        "title": "The Dispossessed",
        "price": Decimal("12.30"),
        "pages": 387,
        "published": moment,
        "lent_for": timedelta(days=14, microseconds=1),
        "about": {"tags": ["anarres", None, 1.5], "ü": True},
        "cover": b"\0\xff",
        "in_print": False,
    }
    book = Book.objects.create(author=author, **values)
    stored = Book.objects.values(*values).get(pk=book.pk)
    assert stored == values
    assert type(stored["in_print"]) is bool
    assert Author.objects.get().born == date(1929, 10, 21)


def test_rows_of_raw_sql_have_djangos_types(connection: Any) -> None:
    author = Author.objects.create(name="Ursula", born=date(1929, 10, 21))
    Book.objects.create(author=author, title="Lavinia", published=datetime(2008, 4, 21, tzinfo=UTC))
    with connection.cursor() as cursor:
        cursor.execute("SELECT born FROM library_author WHERE name = %s", ["Ursula"])
        assert cursor.fetchall() == [(date(1929, 10, 21),)]
        cursor.execute("SELECT in_print, published FROM library_book WHERE title = %(title)s", {"title": "Lavinia"})
        assert cursor.fetchall() == [(True, datetime(2008, 4, 21))]
        cursor.execute("SELECT '100%'")
        assert cursor.fetchone() == ("100%",)
        cursor.executemany("INSERT INTO library_author (name) VALUES (%(n)s)", ({"n": f"{n} %"} for n in range(3)))
        cursor.executemany("INSERT INTO library_author (name) VALUES (%s)", iter([("x",)]))
        cursor.executemany("INSERT INTO library_author (name) VALUES (%s)", [])
    assert Author.objects.count() == 5


def test_queries(connection: Any) -> None:
    authors = Author.objects.bulk_create([Author(name=f"author {n}") for n in range(300)])
    assert all(author.pk for author in authors)
    Book.objects.bulk_create([Book(title=f"book {n}", author=authors[n % 3], pages=n) for n in range(1000)])
    counted = Author.objects.annotate(books_written=models.Count("books")).filter(books_written__gt=0)
    assert [author.books_written for author in counted.order_by("pk")] == [334, 333, 333]
    assert Book.objects.filter(title__icontains="K 99").count() == 11
    assert Book.objects.filter(author__in=authors[:2]).aggregate(models.Max("pages")) == {"pages__max": 999}
    assert Book.objects.filter(pages__lt=3).update(pages=models.F("pages") * 10) == 3
    assert [book.author.name for book in Book.objects.select_related("author").filter(pages__in=[10, 20])]
    assert Book.objects.filter(about__missing=1).count() == 0
    # Others may write while the rows of a query come in parts.
    for book in Book.objects.order_by("pk").iterator(chunk_size=10):
        if book.pages % 500 == 0:
            book.delete()
    assert Book.objects.count() == 998
    Author.objects.all().delete()
    assert not Book.objects.exists()


def test_integrity(connection: Any) -> None:
    author = Author.objects.create(name="Ursula")
    with pytest.raises(IntegrityError, match="UNIQUE constraint failed: library_author.name") as caught:
        Author.objects.create(name="Ursula")
    assert type(caught.value.__cause__) is dqlitepy.IntegrityError
    assert Author.objects.get_or_create(name="Ursula") == (author, False)
    with pytest.raises(IntegrityError, match="price_is_not_negative"):
        Book.objects.create(author=author, title="free", price=-1)
    with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
        Book.objects.create(author_id=999, title="by nobody")
    with pytest.raises(OperationalError, match="no such table"), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such")
    assert Book.objects.count() == 0


def test_models_need_no_question_about_the_schema(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw SQL does, before each SELECT: its rows have the types that the columns are declared with."""
    asked: list[str] = []
    real = dqlitepy.Connection._declared_types

    def declared_types(self: dqlitepy.Connection, operation: Any) -> Any:
        if re.search("SELECT|RETURNING", sql := operation.sql.decode()):
            asked.append(sql)
        return real(self, operation)

    monkeypatch.setattr(dqlitepy.Connection, "_declared_types", declared_types)
    author = Author.objects.create(name="Ursula", born=date(1929, 10, 21))
    book = Book.objects.create(author=author, title="Lavinia", published=datetime(2008, 4, 21, tzinfo=UTC))
    found = Book.objects.select_related("author").get(in_print=True)
    assert (found.author.born, found.published, found.in_print) == (author.born, book.published, True)
    assert Book.objects.values_list("published__date", "in_print").union(Book.objects.none()).count() == 1
    assert Author.objects.aggregate(models.Max("born")) == {"born__max": author.born}
    Author.objects.update_or_create(name="Ursula", defaults={"born": None})
    book.delete()
    assert not asked
    assert Author.objects.raw("SELECT * FROM library_author")[0].born is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert len(asked) == 2


def test_a_field_that_relies_on_the_declared_type(connection: Any) -> None:
    class Day(models.Field):
        def db_type(self, connection: Any) -> str:
            return "date"

    with isolate_apps("tests.django.project.library"):

        class Visit(models.Model):
            day = Day()

            class Meta:
                app_label = "library"

        with connection.schema_editor() as editor:
            editor.create_model(Visit)
        Visit.objects.create(day="2026-01-31")
        assert Visit.objects.get().day == date(2026, 1, 31)


def test_queries_are_logged_without_asking_the_server(connection: Any) -> None:
    name = "O'Hara"
    with CaptureQueriesContext(current) as queries:
        assert not Author.objects.filter(name=name, born=date(2026, 1, 31), pk=7).exists()
    assert len(queries) == 1
    sql = queries[0]["sql"]
    assert "'O''Hara'" in sql and "'2026-01-31'" in sql and " = 7" in sql


def test_a_missing_function_is_explained(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dqlitepy.django._cursor.FUNCTIONS", {"django_of_tomorrow"})
    with connection.cursor() as cursor:
        for run in (cursor.execute, lambda sql: cursor.executemany(sql, [()])):
            with pytest.raises(OperationalError, match="Let all nodes run this version of dqlitepy"):
                run("INSERT INTO library_author (name) VALUES (django_of_tomorrow())")
        with pytest.raises(OperationalError, match="Let all nodes"):
            cursor.execute("CREATE TABLE t (x DEFAULT (django_of_tomorrow()))")
            cursor.execute("INSERT INTO t DEFAULT VALUES")
        with pytest.raises(OperationalError, match="no such function: other$"):
            cursor.execute("SELECT other()")


def test_async(connection: Any) -> None:
    async def main() -> list[str]:
        await Author.objects.acreate(name="Ursula")
        found = [author.name async for author in Author.objects.all()]
        await sync_to_async(lambda: current.close())()
        return found

    assert asyncio.run(main()) == ["Ursula"]
    assert Author.objects.count() == 1


def test_a_temporary_database_is_for_all_threads() -> None:
    from threading import Thread

    found = []

    def count() -> None:
        found.append(Author.objects.count())
        current.close()

    with database(":memory:") as connection:
        Author.objects.create(name="Ursula")
        connection.close()
        thread = Thread(target=count)
        thread.start()
        thread.join()
    assert found == [1]
    with database(":memory:"):
        assert Author.objects.count() == 0
