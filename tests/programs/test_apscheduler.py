# SPDX-License-Identifier: Apache-2.0
"""APScheduler keeps its jobs in a database: they are there again after a restart, and run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from tests.support import HANG

ran = threading.Event()


def note() -> None:
    ran.set()


@contextmanager
def scheduler(path: Path, *, paused: bool = False) -> Iterator[BackgroundScheduler]:
    store = SQLAlchemyJobStore(url=f"dqlite:///{path}")
    made = BackgroundScheduler(
        jobstores={"default": store},
        timezone="UTC",
        job_defaults={"misfire_grace_time": 3600},
    )
    made.start(paused=paused)
    try:
        yield made
    finally:
        made.shutdown()
        # The scheduler disposes of the engine while its thread may still ask it for a connection.
        store.engine.dispose()


def test_jobs_outlive_the_scheduler(tmp_path: Path) -> None:
    ran.clear()
    with scheduler(tmp_path / "data", paused=True) as first:
        first.add_job(note, "date", run_date=datetime.now() + timedelta(days=1), id="once")
        first.add_job(note, "interval", days=1, id="daily")
        first.modify_job("daily", name="each day")
        first.remove_job("once")
    assert not ran.is_set()

    with scheduler(tmp_path / "data") as second:
        assert [(job.id, job.name) for job in second.get_jobs()] == [("daily", "each day")]
        second.modify_job("daily", next_run_time=datetime.now(tz=second.timezone))
        assert ran.wait(HANG)
