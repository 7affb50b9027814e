# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run a real embedded node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dqlitepy
import pytest


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns where a node may keep its data; nothing is there yet."""
    return tmp_path / "data"


@pytest.fixture
def con(directory: Path) -> Iterator[dqlitepy.Connection]:
    """Yields a connection to a new database."""
    connection = dqlitepy.connect(directory)
    yield connection
    connection.close()
