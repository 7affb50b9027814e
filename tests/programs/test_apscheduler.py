# SPDX-License-Identifier: Apache-2.0
"""APScheduler keeps its jobs in a database: they are there again after a restart, and run."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from tests.support import HANG

ran = threading.Event()


def note() -> None:
    ran.set()


def scheduler(path: Path) -> BackgroundScheduler:
    return BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"dqlite:///{path}")},
        timezone="UTC",
        job_defaults={"misfire_grace_time": 3600},
    )


def test_jobs_outlive_the_scheduler(tmp_path: Path) -> None:
    ran.clear()
    first = scheduler(tmp_path / "data")
    first.start(paused=True)
    first.add_job(note, "date", run_date=datetime.now() + timedelta(days=1), id="once")
    first.add_job(note, "interval", days=1, id="daily")
    first.modify_job("daily", name="each day")
    first.remove_job("once")
    first.shutdown()
    assert not ran.is_set()

    second = scheduler(tmp_path / "data")
    second.start()
    try:
        assert [(job.id, job.name) for job in second.get_jobs()] == [("daily", "each day")]
        second.modify_job("daily", next_run_time=datetime.now(tz=second.timezone))
        assert ran.wait(HANG)
    finally:
        second.shutdown()
