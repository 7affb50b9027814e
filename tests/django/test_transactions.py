# SPDX-License-Identifier: Apache-2.0
"""`atomic` and its kind: what is in a transaction is committed together or not at all, and Django is told which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import dqlitepy
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, transaction
from django.db import connection as current
from django.db.transaction import TransactionManagementError

from tests.django.databases import database
from tests.django.project.library.models import Author
from tests.support import HANG


def names() -> list[str]:
    return list(Author.objects.order_by("pk").values_list("name", flat=True))


def in_a_thread(work: Callable[[], object]) -> None:
    """Does work on a connection of another thread, and hands on what it raises."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            current.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(HANG)
    if errors:
        raise errors[0]


def add(name: str) -> Author:
    return Author.objects.create(name=name)


def test_atomic(connection: Any) -> None:
    with transaction.atomic():
        add("a")
        in_a_thread(lambda: pytest.fail("not committed yet") if names() else None)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        add("b")
        1 / 0  # noqa: B018
    assert names() == ["a"]


def test_savepoints(connection: Any) -> None:
    told: list[str] = []
    with transaction.atomic():
        add("a")
        with pytest.raises(DatabaseError), transaction.atomic():
            add("b")
            transaction.on_commit(lambda: told.append("b"))
            add("a")
        with transaction.atomic():
            add("c")
        with transaction.atomic():
            add("d")
            transaction.set_rollback(True)
        transaction.on_commit(lambda: told.append("all"))
        assert not told
    assert names() == ["a", "c"]
    assert told == ["all"]


def test_durable(connection: Any) -> None:
    with transaction.atomic(durable=True):
        add("a")
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), transaction.atomic(durable=True):
        pytest.fail("this is no transaction of its own")


def test_without_autocommit(connection: Any) -> None:
    transaction.set_autocommit(False)
    add("a")
    transaction.rollback()
    add("b")
    transaction.commit()
    transaction.set_autocommit(True)
    add("c")
    connection.close()
    assert names() == ["b", "c"]


def test_select_for_update_locks_nothing(connection: Any) -> None:
    add("a")
    with transaction.atomic():
        assert Author.objects.select_for_update().get().name == "a"


def test_a_mode_that_takes_the_lock_at_once(tmp_path: Path) -> None:
    options: dict[str, Any] = {"transaction_mode": "IMMEDIATE", "timeout": 0.1}
    locked = pytest.raises(OperationalError, match="locked")
    with database(tmp_path / "data", OPTIONS=options), transaction.atomic(), locked:
        in_a_thread(lambda: add("b"))
    # A transaction that begins deferred and reads first may not write once another one has.
    with database(tmp_path / "data", OPTIONS={"timeout": 0.1}):
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            assert names() == []
            in_a_thread(lambda: add("b"))
            add("a")
        assert names() == ["b"]
    options = {"transaction_mode": "LATER"}
    with pytest.raises(ImproperlyConfigured, match="transaction_mode"), database("x", OPTIONS=options):
        pass


class TestATransactionThatIsGone:
    """As when the leader changed. SQLite ends one by itself too, with ROLLBACK as the resolution of a conflict."""

    @staticmethod
    def lose() -> None:
        with current.cursor() as cursor:
            cursor.execute("INSERT OR ROLLBACK INTO library_author (name) VALUES ('there')")

    @pytest.fixture(autouse=True)
    def _one(self, connection: Any) -> None:
        add("there")

    def test_nothing_runs_outside_of_it(self) -> None:
        with pytest.raises(OperationalError, match="nothing of it was committed") as caught, transaction.atomic():
            add("a")
            with pytest.raises(DatabaseError, match="UNIQUE"):
                self.lose()
            with pytest.raises(TransactionManagementError, match="the open transaction is gone"):
                add("b")
        assert type(caught.value.__cause__) is dqlitepy.IntegrityError
        add("c")
        assert names() == ["there", "c"]

    def test_a_block_inside_hides_nothing(self) -> None:
        told: list[str] = []
        with pytest.raises(OperationalError, match="nothing of it was committed"), transaction.atomic():
            transaction.on_commit(lambda: told.append("committed"))
            add("a")
            with pytest.raises(DatabaseError, match="UNIQUE"), transaction.atomic():
                self.lose()
        assert names() == ["there"]
        assert not told

    def test_the_error_leaves_the_block(self) -> None:
        with pytest.raises(DatabaseError, match="UNIQUE"), transaction.atomic():
            add("a")
            self.lose()
        with transaction.atomic():
            add("b")
        assert names() == ["there", "b"]

    def test_a_rollback_that_was_asked_for(self) -> None:
        with transaction.atomic():
            add("a")
            with pytest.raises(DatabaseError, match="UNIQUE"):
                self.lose()
            transaction.set_rollback(True)
        with transaction.atomic():
            add("b")
        assert names() == ["there", "b"]

    def test_without_autocommit(self) -> None:
        transaction.set_autocommit(False)
        with pytest.raises(OperationalError):
            names_of_nothing = current.cursor().execute("SELECT * FROM no_such")
            pytest.fail(str(names_of_nothing))
        add("a")  # there was no transaction, so none is gone
        transaction.commit()
        transaction.set_autocommit(True)
        assert names() == ["there", "a"]
