# SPDX-License-Identifier: Apache-2.0
"""Databases on embedded nodes, by both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from tests.sqlalchemy.engines import DRIVERS, Database, database_of, url_of


@pytest.fixture(params=DRIVERS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yields an empty database."""
    database = database_of(url_of(tmp_path / "data", request.param))
    yield database
    database.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Yields the sync engine of an empty database."""
    engine = create_engine(url_of(tmp_path / "data"))
    yield engine
    engine.dispose()
