# SPDX-License-Identifier: Apache-2.0
"""huey's storage in SQLite: a consumer runs tasks that were put into a queue, now and later."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import dqlitepy
import huey.storage
import pytest
from huey import SqliteHuey
from huey.exceptions import TaskException

from tests.support import HANG


def shout(text: str) -> str:
    return text.upper()


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteHuey:
    """Returns a queue in a database of dqlite, as docs/programs.md says it is made."""
    monkeypatch.setattr(huey.storage, "sqlite3", dqlitepy)
    monkeypatch.setattr(huey.storage.SqliteStorage, "integrity_error", dqlitepy.IntegrityError)
    monkeypatch.setattr(huey.storage.SqliteStorage, "operational_error", dqlitepy.OperationalError)
    return SqliteHuey(filename=str(tmp_path / "data"), fsync=True, strict_fifo=True)


def test_tasks(queue: SqliteHuey) -> None:
    @queue.task()
    def add(a: int, b: int) -> int:
        return a + b

    @queue.task(retries=1)
    def fail() -> None:
        raise LookupError("it was asked to")

    consumer = queue.create_consumer(workers=2, periodic=False, initial_delay=0.01, max_delay=0.05, backoff=1)
    consumer.start()
    try:
        results = [add(n, 1) for n in range(50)]
        assert [result.get(blocking=True, timeout=HANG) for result in results] == list(range(1, 51))
        later = add.schedule((3, 4), eta=datetime.now() + timedelta(milliseconds=10))
        assert later.get(blocking=True, timeout=HANG) == 7
        with pytest.raises(TaskException, match="it was asked to"):
            fail().get(blocking=True, timeout=HANG)
    finally:
        consumer.stop(graceful=True)
        queue.storage.close()


def test_what_is_kept(queue: SqliteHuey) -> None:
    """Tasks outlive the program that put them there: a queue is read again when it is opened again."""
    put = queue.task()(shout)
    put("a")
    put("b")
    queue.storage.close()
    again = SqliteHuey(filename=queue.storage.filename)
    again.task()(shout)
    assert again.pending_count() == 2
    assert [again.execute(again.dequeue()) for _ in range(2)] == ["A", "B"]
    again.put("key", {"value": 1})
    assert again.get("key") == {"value": 1}
    with again.lock_task("once"), pytest.raises(Exception, match="once"), again.lock_task("once"):
        pass
    again.storage.close()
