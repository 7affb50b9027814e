# SPDX-License-Identifier: Apache-2.0
"""Celery keeps results by its backend for SQLAlchemy: of tasks, of groups, and of tasks that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery import Celery, group
from celery.contrib.testing.worker import start_worker

from tests.support import HANG


@pytest.fixture
def app(tmp_path: Path) -> Celery:
    app = Celery("tests", broker="memory://", backend=f"db+dqlite:///{tmp_path}/data")
    app.conf.update(database_create_tables_at_setup=True, result_extended=True, worker_hijack_root_logger=False)
    return app


@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # Celery leaves connections to be collected
def test_results(app: Celery) -> None:
    @app.task
    def add(a: int, b: int) -> int:
        return a + b

    @app.task
    def fail() -> Any:
        raise LookupError("it was asked to")

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=HANG):
        result = add.delay(3, 4)
        assert result.get(timeout=HANG) == 7
        assert (result.state, app.AsyncResult(result.id).result) == ("SUCCESS", 7)
        assert group(add.s(n, n) for n in range(5))().get(timeout=HANG) == [0, 2, 4, 6, 8]
        with pytest.raises(LookupError, match="it was asked to"):
            fail.delay().get(timeout=HANG)
        result.forget()
        assert app.AsyncResult(result.id).state == "PENDING"
    app.backend.cleanup()
